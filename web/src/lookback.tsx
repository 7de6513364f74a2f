// The look-back worklist: figures as filters, a table worked with the keyboard, decisions with a reason.

import { DownloadOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Drawer, Input, Select, Space, Table, Tag, TreeSelect } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router';

import { address, api, Problem } from './api/client';
import type { ItemState, LookbackItem, SessionUser } from './api/types';
import { instant, percent, useWords, whole } from './language';
import { areaTree, Severity, Title, Waiting } from './parts';
import { useFilters } from './query';
import { facts } from './texts/lookback';

export default function LookbackPage() {
  const { t, code, of, options, problem, language } = useWords();
  const { message } = App.useApp();
  const { filters, set, clear } = useFilters();
  const client = useQueryClient();
  const [trail, setTrail] = useState<string[]>([]);
  const [place, setPlace] = useState(0);
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const { after, ...rest } = filters;
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const decides = me.data?.may.includes('decide_lookback') ?? false;
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const figures = useQuery({ queryKey: ['lookback-figures', filters.area], queryFn: () => api.lookbackFigures({ area: filters.area }) });
  const query = useQuery({ queryKey: ['items', filters], queryFn: ({ signal }) => api.lookbackItems({ ...filters, limit: 50 }, signal), placeholderData: keepPreviousData });
  const items = query.data?.items ?? [];
  const current: LookbackItem | undefined = items[place];
  const filter = (changes: Record<string, string | null | undefined>) => { setTrail([]); setPlace(0); set(changes); };
  const decide = useCallback(async (item: LookbackItem, state: ItemState) => {
    try {
      await api.decide(item, state, reason);
      setReason('');
      message.success(t('saved'));
    } catch (error) {
      message.error(error instanceof Problem && error.code === 'version_conflict' ? t('conflict') : problem(error));
    }
    await client.invalidateQueries({ queryKey: ['items'] });
    await client.invalidateQueries({ queryKey: ['lookback-figures'] });
  }, [client, message, problem, reason, t]);
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
      if (event.key === 'j') setPlace((before) => Math.min(before + 1, items.length - 1));
      if (event.key === 'k') setPlace((before) => Math.max(before - 1, 0));
      if (event.key === 'Enter' && items.length > 0) setOpen(true);
      if (event.key === 'Escape') setOpen(false);
    };
    window.addEventListener('keydown', keys);
    return () => window.removeEventListener('keydown', keys);
  }, [items.length]);
  return (
    <div data-testid="lookback">
      <Title extra={<><span className="label keys">{t('keys_hint')}</span><Button icon={<DownloadOutlined />} href={address('/lookback/items.xlsx', rest)}>{t('export_xlsx')}</Button></>}>{t('lookback')}</Title>
      <div className="panel" style={{ marginBottom: 12 }}>
        <Space wrap size={[8, 8]}>
          {figures.data?.by_rule.map((rule) => (
            <Tag.CheckableTag key={rule.rule} checked={filters.rule === rule.rule} onChange={(checked) => filter({ rule: checked ? rule.rule : null })} style={{ border: '1px solid #dfe5df', padding: '2px 10px' }}>
              {of(rule.name)} <b>{whole(rule.open)}</b>{rule.confirmed + rule.dismissed > 0 && <span className="label"> / {whole(rule.open + rule.confirmed + rule.dismissed)}</span>}
            </Tag.CheckableTag>
          ))}
        </Space>
      </div>
      <div className="filters">
        <Input.Search allowClear style={{ width: 250 }} placeholder={t('search_households')} defaultValue={filters.search} onSearch={(search) => filter({ search })} />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area) => filter({ area })} />
        <Select allowClear style={{ width: 150 }} placeholder={t('severity')} value={filters.severity} options={options('severity')} onChange={(severity) => filter({ severity })} />
        <Select allowClear style={{ width: 120 }} placeholder={t('state')} value={filters.state} options={options('item_state')} onChange={(state) => filter({ state })} />
        {Object.keys(filters).length > 0 && <Button type="link" onClick={() => { setTrail([]); clear(); }}>{t('clear')}</Button>}
      </div>
      {items.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<LookbackItem>
          size="small" rowKey="id" dataSource={items} pagination={false} scroll={{ x: 1000 }}
          rowClassName={(_, index) => `clickable ${index === place ? 'row-selected' : ''}`}
          onRow={(_, index) => ({ onClick: () => { setPlace(index ?? 0); setOpen(true); } })}
          columns={[
            { title: t('severity'), dataIndex: 'severity', width: 130, render: (severity: string) => <Severity code={severity} /> },
            { title: t('rule'), width: 170, render: (_, item) => of(item.rule_name) },
            { title: t('address'), dataIndex: 'area_name', width: 200 },
            { title: t('head'), width: 150, render: (_, item) => item.household ? `${item.household.head_name} ${item.household.register_number}` : '—' },
            { title: t('explanation'), render: (_, item) => of(item.explanation) },
            { title: t('state'), dataIndex: 'state', width: 100, render: (state: string) => <Tag color={state === 'open' ? 'orange' : state === 'confirmed' ? 'red' : 'default'}>{code('item_state', state)}</Tag> },
          ]}
        />
      )}
      <div className="pages">
        <span>{query.data ? t('total_items', { n: whole(query.data.total) }) : ''}</span>
        <Button disabled={trail.length === 0 && !after} onClick={() => { const back = trail.slice(0, -1); setTrail(back); set({ after: back.at(-1) ?? null }); }}>{t('previous_page')}</Button>
        <Button disabled={!query.data?.next} onClick={() => { const next = query.data?.next; if (next) { setTrail([...trail, next]); setPlace(0); set({ after: next }); } }}>{t('next_page')}</Button>
      </div>
      <Drawer open={open && current !== undefined} onClose={() => setOpen(false)} size={520} title={current && <><Severity code={current.severity} />{of(current.rule_name)}</>}>
        {current && (
          <>
            <p>{of(current.explanation)}</p>
            <p className="label">{t('action')}</p><p>{of(current.action)}</p>
            <dl className="facts">
              <dt>{t('address')}</dt><dd>{current.area_name}</dd>
              {current.household && <><dt>{t('head')}</dt><dd><Link to={`/register/${current.household.id}`}>{current.household.head_name} {current.household.register_number}</Link></dd></>}
              {current.other_household && <><dt>{t('other_household')}</dt><dd><Link to={`/register/${current.other_household.id}`}>{current.other_household.head_name} {current.other_household.register_number}</Link></dd></>}
              <dt>{t('probability')}</dt><dd>{percent(current.probability)}</dd>
              {Object.entries(current.values).map(([name, value]) => <span key={name} style={{ display: 'contents' }}><dt>{facts[name]?.[language] ?? name}</dt><dd>{value}</dd></span>)}
              {current.decided_by && <><dt>{t('by')}</dt><dd>{current.decided_by} · {current.decided_at && instant(current.decided_at)} · {current.decision_reason}</dd></>}
            </dl>
            {decides && <div style={{ marginTop: 20 }}>
              <Input.TextArea rows={3} maxLength={500} showCount value={reason} onChange={(event) => setReason(event.target.value)} placeholder={t('reason_hint')} />
              <Space style={{ marginTop: 16 }}>
                {current.state === 'open' ? (
                  <>
                    <Button type="primary" danger disabled={!reason.trim()} onClick={() => decide(current, 'confirmed')}>{t('confirm')}</Button>
                    <Button disabled={!reason.trim()} onClick={() => decide(current, 'dismissed')}>{t('dismiss')}</Button>
                  </>
                ) : <Button disabled={!reason.trim()} onClick={() => decide(current, 'open')}>{t('reopen')}</Button>}
              </Space>
            </div>}
          </>
        )}
      </Drawer>
    </div>
  );
}
