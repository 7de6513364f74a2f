// One roster: who made and froze it, its hash, and how it differs from the version before, household by household.

import { ArrowLeftOutlined, CopyOutlined, DownloadOutlined } from '@ant-design/icons';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Modal, Select, Space, Statistic, Table, Tabs, Tag } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { address, api } from './api/client';
import type { KeyFactChange, Roster, RosterEntry, RosterState, SessionUser } from './api/types';
import { instant, useWords, whole } from './language';
import { Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';

const STATE: Record<RosterState, string> = { draft: 'orange', frozen: 'green', superseded: 'default' };
const PAGE = 50;

export function RosterTag({ state }: { state: RosterState }) {
  const { code } = useWords();
  return <Tag color={STATE[state]}>{code('roster_state', state)}</Tag>;
}

/** Freezing a draft that somebody else made. */
export function Freeze({ roster, size = 'middle' }: { roster: Roster; size?: 'small' | 'middle' }) {
  const { t } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ approver: string; document: string }>();
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const freeze = useMutation({
    mutationFn: (given: { approver: string; document: string }) => api.freezeRoster(roster, given.approver, given.document),
    onSuccess: () => { setOpen(false); message.success(t('saved')); return Promise.all(['rosters', 'roster', 'start'].map((key) => client.invalidateQueries({ queryKey: [key] }))); },
  });
  if (roster.state !== 'draft' || !me.data?.may.includes('approve_roster')) return null;
  const own = roster.drafted_by === me.data.name;
  return (
    <span onClick={(event) => event.stopPropagation()}>
      {own && size === 'middle' && <span className="label">{t('second_person')} </span>}
      <Button type="primary" size={size} disabled={own} title={own ? t('second_person') : undefined} onClick={() => setOpen(true)} data-testid="freeze">{t('freeze')}</Button>
      <Modal open={open} width={600} okText={t('freeze')} title={`${t('freeze')} · ${roster.title}`} onCancel={() => { freeze.reset(); setOpen(false); }} onOk={() => form.submit()} confirmLoading={freeze.isPending}>
        <Wrong error={freeze.error} />
        <Alert type="warning" showIcon title={t('freeze_why')} style={{ marginBottom: 12 }} />
        <Form form={form} layout="vertical" onFinish={(given) => freeze.mutate(given)}>
          <Form.Item name="approver" label={t('approver')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
          <Form.Item name="document" label={t('roster_document')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
        </Form>
      </Modal>
    </span>
  );
}

export default function RosterPage() {
  const { t } = useWords();
  const { message } = App.useApp();
  const { id = '' } = useParams();
  const { filters, set } = useFilters();
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const query = useQuery({ queryKey: ['roster', id], queryFn: () => api.roster(id) });
  const comparison = useQuery({ queryKey: ['roster', id, 'comparison'], queryFn: () => api.compareRoster(id) });
  const roster = query.data;
  if (!roster) return <div className="panel"><Waiting query={query} /></div>;
  const file = (name: string) => address(`/register/rosters/${id}/${name}`);
  const found = comparison.data;
  const counts = found ? { changed: found.changed, removed: found.removed, added: found.added } : null;
  const what = (filters.what ?? (counts && counts.changed === 0 ? (counts.removed > 0 ? 'removed' : 'added') : 'changed')) as Way;
  const copy = () => navigator.clipboard.writeText(roster.hash).then(() => message.success(t('copied')));
  return (
    <div data-testid="roster">
      <Title extra={(
        <Space wrap>
          <Freeze roster={roster} />
          <Button icon={<DownloadOutlined />} href={file('roster.xlsx')}>{t('export_xlsx')}</Button>
          <Button href={file('roster.csv')}>{t('export_csv')}</Button>
          {me.data?.may.includes('approve_roster') && roster.frozen && <Button href={file('roster.json')}>{t('export_signed')}</Button>}
          <Link to="/rosters"><ArrowLeftOutlined /> {t('rosters')}</Link>
        </Space>
      )}>{roster.title} <span className="label">{t('version', { n: roster.number })}</span> <RosterTag state={roster.state} /></Title>
      <div className="panel" style={{ marginBottom: 14 }}>
        <Space size={36} wrap>
          <Statistic title={t('number_of_cases')} value={roster.households} /><Statistic title={t('persons_n')} value={roster.persons} />
          {found && <><Statistic title={t('added')} value={found.added} /><Statistic title={t('removed')} value={found.removed} /><Statistic title={t('changed')} value={found.changed} /><Statistic title={t('unchanged')} value={found.unchanged} /></>}
        </Space>
        <dl className="facts" style={{ margin: '12px 0 0' }}>
          <dt>{t('area')}</dt><dd>{roster.area_name}</dd>
          <dt>{t('drafted_from')}</dt><dd><DraftedFrom roster={roster} /></dd>
          <dt>{t('drafted')}</dt><dd>{roster.drafted_by} · {instant(roster.drafted_at)}</dd>
          {roster.frozen && <><dt>{t('frozen_by')}</dt><dd>{roster.frozen.by} · {instant(roster.frozen.at)}</dd><dt>{t('approver')}</dt><dd>{roster.frozen.approver} · {roster.frozen.document}</dd></>}
          <dt>{t('roster_hash')}</dt><dd style={{ wordBreak: 'break-all' }}><code>{roster.hash}</code> <Button size="small" type="text" icon={<CopyOutlined />} onClick={copy} aria-label={t('copy_hash')} title={t('copy_hash')} /></dd>
          <dt>{t('compared_with')}</dt><dd>{found?.previous ? <Link to={`/rosters/${found.previous.id}`}>{found.previous.title} · {t('version', { n: found.previous.number })}</Link> : t('no_previous')}</dd>
        </dl>
      </div>
      <div className="panel">
        <Tabs
          activeKey={what} onChange={(key) => set({ what: key, field: null, search: null })}
          tabBarExtraContent={<Space><Button size="small" icon={<DownloadOutlined />} href={file('comparison.xlsx')}>{t('export_comparison')}</Button></Space>}
          items={(['changed', 'removed', 'added'] as const).map((key) => ({ key, label: `${t(key)}${counts ? ` (${whole(counts[key])})` : ''}` }))}
        />
        <Differences key={what} roster={id} what={what} field={filters.field} search={filters.search} set={set} />
      </div>
    </div>
  );
}

/** The filters that a roster was drafted from. */
function DraftedFrom({ roster: { category, filter } }: { roster: Roster }) {
  const { t, code } = useWords();
  const flag = (label: string, value: boolean | null | undefined) => (value === null || value === undefined ? [] : [`${label}: ${t(value ? 'yes' : 'no')}`]);
  return [
    code('category', category),
    ...flag(t('identified'), filter.identified),
    ...(filter.choice ? [`${t('choice')}: ${code('consent_choice', filter.choice)}`] : []),
    ...flag(t('must_move'), filter.must_move),
    ...(filter.poverty_attribute ? [`${t('poverty')}: ${code('poverty_attribute', filter.poverty_attribute)}`] : []),
    ...flag(t('has_items'), filter.open_items),
  ].join(' · ');
}

type Way = 'added' | 'removed' | 'changed';

/** A fact of a household; `change` is null where the whole household differs. */
interface Line {
  row: RosterEntry;
  change: KeyFactChange | null;
  first: boolean;
  key: string;
}

/** The households that differ in one way, a line for each fact with both values side by side. */
function Differences({ roster, what, field, search, set }: { roster: string; what: Way; field: string | undefined; search: string | undefined; set: (changes: Record<string, string | null | undefined>) => void }) {
  const { t, code, of, options } = useWords();
  const [offset, setOffset] = useState(0);
  const query = useQuery({ queryKey: ['roster', roster, what, field, search, offset], queryFn: () => api.rosterDifferences(roster, { what, field, search, offset, limit: PAGE }), placeholderData: keepPreviousData });
  const rows = query.data?.items ?? [];
  const total = query.data?.total ?? 0;
  const lines = rows.flatMap((row): Line[] => (row.changes.length > 0 ? row.changes.map((change, place) => ({ row, change, first: place === 0, key: `${row.household}${change.field}` })) : [{ row, change: null, first: true, key: row.household }]));
  return (
    <>
      <div className="filters">
        <Input.Search allowClear style={{ width: 200 }} placeholder={t('register_number')} defaultValue={search} onSearch={(text) => { setOffset(0); set({ what, search: text || null }); }} />
        {what === 'changed' && <Select allowClear style={{ width: 180 }} placeholder={t('key_fact')} value={field} options={options('key_fact')} onChange={(value: string | undefined) => { setOffset(0); set({ what, field: value ?? null }); }} />}
      </div>
      {lines.length === 0 ? <Waiting query={query} /> : (
        <Table<Line>
          size="small" rowKey="key" dataSource={lines} pagination={false} scroll={{ x: 820 }} loading={query.isPlaceholderData}
          columns={[
            { title: t('register_number'), width: 130, render: (_, line) => line.first && <Link to={`/register/${line.row.household}`}>{line.row.register_number}</Link> },
            { title: t('head'), width: 90, render: (_, line) => line.first && line.row.head_name },
            { title: t('address'), render: (_, line) => line.first && line.row.area_name },
            { title: t('persons_n'), width: 76, align: 'right', render: (_, line) => line.first && line.row.persons },
            ...(what === 'changed' ? [
              { title: t('key_fact'), width: 100, render: (_: unknown, line: Line) => line.change && code('key_fact', line.change.field) },
              { title: t('before'), render: (_: unknown, line: Line) => line.change && <span className="before">{of(line.change.before)}</span> },
              { title: t('after'), render: (_: unknown, line: Line) => line.change && <span className="after">{of(line.change.after)}</span> },
            ] : []),
          ]}
        />
      )}
      <div className="pages">
        <span>{total > 0 ? t('rows_shown', { from: whole(offset + 1), to: whole(offset + rows.length), n: whole(total) }) : ''}</span>
        <Button size="small" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - PAGE))}>{t('previous_page')}</Button>
        <Button size="small" disabled={offset + rows.length >= total} onClick={() => setOffset(offset + PAGE)}>{t('next_page')}</Button>
      </div>
    </>
  );
}
