// The start page: what waits for who signed in, or the progress of the areas for who oversees; how far each stage is.

import { useQuery } from '@tanstack/react-query';
import { Table, Tag } from 'antd';
import { Link } from 'react-router';

import { api } from './api/client';
import type { AreaProgress, Waiting as Item } from './api/types';
import { instant, percent, useWords, whole } from './language';
import { Bars, Title, Waiting } from './parts';
import type { Key } from './texts';

export default function StartPage() {
  const { t, code } = useWords();
  const query = useQuery({ queryKey: ['start'], queryFn: api.start });
  if (!query.data) return <Waiting query={query} />;
  const { register, lookback, land, plan, waiting, progress, files } = query.data;
  const stages = [
    { key: 'register', link: '/register', done: register.households > 0, figure: whole(register.households), unit: t('households'), more: t(register.townships > 0 ? 'register_done' : 'register_done_village', { persons: whole(register.persons), townships: register.townships, villages: register.villages }) },
    { key: 'lookback', link: '/lookback', done: lookback !== null, figure: lookback ? whole(lookback.open_items) : '', unit: t('open_unit'), more: lookback ? t('decided_n', { n: whole(lookback.decided_items) }) : '' },
    { key: 'map', link: '/map', done: land !== null, figure: land ? whole(land.candidates) : '', unit: t('candidates_unit'), more: land ? `${t('excluded')} ${percent(land.excluded_m2 / land.area_m2)}` : '' },
    { key: 'plan', link: '/plan', done: plan !== null, figure: plan ? whole(plan.households_placed) : '', unit: `${t('households')} ${t('placed')}`, more: plan ? t('plan_done', { sites: plan.sites_opened, gap: `${t('gap')} ${percent(plan.gap, 2)}` }) : '' },
  ];
  return (
    <div data-testid="start">
      <Title>{t('start')}</Title>
      <div className="grid">
        {stages.map((stage) => (
          <Link key={stage.key} to={stage.done ? stage.link : '/jobs'} className="panel w3 half" style={{ color: 'inherit' }}>
            <div className={stage.done ? 'stage' : 'stage todo'}>
              <div className="label">{t(stage.key as Key)}</div>
              <div className="figure">{stage.done ? <>{stage.figure}<small>{stage.unit}</small></> : <small>{t('not_yet')}</small>}</div>
              <div className="label">{stage.more || ' '}</div>
            </div>
          </Link>
        ))}
        {progress.length > 0 && (
          <div className="panel w7" data-testid="progress">
            <h2>{t('progress_by_area')}</h2>
            <Table
              size="small" rowKey="code" dataSource={progress} pagination={{ pageSize: 12, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: 560 }}
              columns={[
                { title: t('area'), dataIndex: 'name', render: (name: string, row: AreaProgress) => <Link to={`/register?area=${row.code}`}>{name}</Link> },
                { title: t('households'), dataIndex: 'households', align: 'right', render: whole },
                { title: t('agreed_to_move'), dataIndex: 'move', align: 'right', render: whole },
                { title: t('identified'), dataIndex: 'identified', align: 'right', render: whole },
                { title: t('on_roster'), dataIndex: 'on_roster', align: 'right', render: whole },
                { title: t('open_items'), dataIndex: 'open_items', align: 'right', render: (count: number | null, row: AreaProgress) => (count === null ? '—' : count > 0 ? <Link to={`/lookback?area=${row.code}&state=open`}>{whole(count)}</Link> : '0') },
              ]}
            />
          </div>
        )}
        {progress.length === 0 && <div className="panel w7">
          <h2>{t('waiting')}</h2>
          {waiting.length === 0 ? t('nothing_waits') : waiting.map((item: Item) => (
            <Link className="wait" key={item.stage + item.key + (item.step ?? '')} to={item.link} data-testid={`wait-${item.key}`}>
              <b>{item.key.startsWith('no_') || item.key.startsWith('plan_') ? '' : whole(item.count)}</b>
              <span className="what">{t(`w_${item.key}` as Key)}{item.step && <> · {code('identification_step', item.step)}</>}{item.since && <span className="label unbroken"> {t('waits_since', { day: instant(item.since).slice(0, 10) })}</span>}</span><Tag color="green">{t('go')}</Tag>
            </Link>
          ))}
        </div>}
        <div className="panel w5 top">
          <h2>{t('categories')}</h2>
          <Bars rows={register.by_category.map((count) => ({ label: code('category', count.code), value: count.households }))} />
          <h2 style={{ marginTop: 16 }}>{t('consents')}</h2>
          <Bars rows={register.by_choice.map((count) => ({ label: count.code ? code('consent_choice', count.code) : t('no_consent'), value: count.households }))} />
        </div>
        {files.length > 0 && <div className="panel w12">
          <h2>{t('latest_imports')}</h2>
          <Table
            size="small" rowKey="id" dataSource={files} pagination={{ pageSize: 8, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: 640 }}
            columns={[
              { title: t('file'), dataIndex: 'name' },
              { title: t('kind'), dataIndex: 'kind', render: (kind: string) => code('file_kind', kind) },
              { title: t('read'), dataIndex: 'records_read', align: 'right', render: whole },
              { title: t('accepted'), dataIndex: 'records_accepted', align: 'right', render: whole },
              { title: t('refused'), dataIndex: 'records_refused', align: 'right', render: (count: number) => (count > 0 ? <b style={{ color: '#b8412f' }}>{whole(count)}</b> : '0') },
              { title: t('time'), dataIndex: 'imported_at', render: instant },
            ]}
          />
        </div>}
      </div>
    </div>
  );
}
