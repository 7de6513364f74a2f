// Rosters: drafts with their filters, comparison with the version before, freezing, downloads, and the register as it stood.

import { DownloadOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Drawer, Form, Input, Modal, Select, Space, Statistic, Table, Tag, TreeSelect } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { address, api } from './api/client';
import type { NewRoster, Roster, RosterEntry, RosterState, SessionUser } from './api/types';
import { instant, useWords, whole } from './language';
import { areaTree, Title, Waiting } from './parts';
import { useFilters } from './query';

const STATE: Record<RosterState, string> = { draft: 'orange', frozen: 'green', superseded: 'default' };

/** A key fact before and after. */
export function Changes({ changes }: { changes: RosterEntry['changes'] }) {
  const { code, of } = useWords();
  return changes.map((change) => (
    <div key={change.field} data-testid="change"><b>{code('key_fact', change.field)}</b> <del className="label">{of(change.before)}</del> → {of(change.after)}</div>
  ));
}

export default function RostersPage() {
  const { t, code, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const [drafting, setDrafting] = useState(false);
  const [freezing, setFreezing] = useState<Roster | null>(null);
  const [draft] = Form.useForm<NewRoster>();
  const [approval] = Form.useForm<{ approver: string; document: string }>();
  const { open, at, ...wanted } = filters;
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({ queryKey: ['rosters', wanted], queryFn: () => api.rosters({ ...wanted, limit: 50 }) });
  const county = me.data?.role === 'administrator' || me.data?.role === 'county_officer';
  const done = (roster: Roster) => {
    setDrafting(false);
    setFreezing(null);
    draft.resetFields();
    approval.resetFields();
    message.success(t('saved'));
    set({ open: roster.id });
    return client.invalidateQueries({ queryKey: ['rosters'] });
  };
  const onError = (error: unknown) => message.error(problem(error), 10);
  const make = useMutation({ mutationFn: (roster: NewRoster) => api.draftRoster(roster), onSuccess: done, onError });
  const freeze = useMutation({
    mutationFn: ({ roster, approver, document }: { roster: Roster; approver: string; document: string }) => api.freezeRoster(roster, approver, document),
    onSuccess: done, onError,
  });
  const yesNo = [{ value: true, label: t('yes') }, { value: false, label: t('no') }];
  const page = query.data;
  const current = page?.items.find((roster) => roster.id === open);
  return (
    <div data-testid="rosters">
      <Title extra={county && <Button type="primary" icon={<PlusOutlined />} onClick={() => setDrafting(true)} data-testid="draft-roster">{t('draft_roster')}</Button>}>{t('rosters')}</Title>
      <div className="filters">
        <Select allowClear style={{ width: 150 }} placeholder={t('category')} value={wanted.category} options={options('category')} onChange={(category) => set({ category })} />
        <Select allowClear style={{ width: 150 }} placeholder={t('state')} value={wanted.state} options={options('roster_state')} onChange={(state) => set({ state })} />
      </div>
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} empty={t('no_rosters')} /></div> : (
        <Table<Roster>
          size="small" rowKey="id" dataSource={page.items} pagination={false} scroll={{ x: 980 }}
          rowClassName="clickable" onRow={(roster) => ({ onClick: () => set({ open: roster.id }) })}
          columns={[
            { title: t('roster_title'), dataIndex: 'title', render: (title: string, roster) => <>{title} <span className="label">{t('version', { n: roster.number })}</span></> },
            { title: t('category'), dataIndex: 'category', render: (category: string) => code('category', category) },
            { title: t('area'), dataIndex: 'area_name' },
            { title: t('state'), dataIndex: 'state', render: (state: RosterState) => <Tag color={STATE[state]}>{code('roster_state', state)}</Tag> },
            { title: t('households'), dataIndex: 'households', align: 'right', render: whole },
            { title: t('persons'), dataIndex: 'persons', align: 'right', render: whole },
            { title: t('drafted'), render: (_, roster) => `${roster.drafted_by} · ${instant(roster.drafted_at)}` },
            { title: t('roster_document'), render: (_, roster) => roster.frozen?.document ?? '—' },
            { title: '', align: 'right', render: (_, roster) => county && roster.state === 'draft' && (
              <Button size="small" type="primary" disabled={roster.drafted_by === me.data?.name} title={roster.drafted_by === me.data?.name ? t('second_person') : undefined}
                onClick={(event) => { event.stopPropagation(); setFreezing(roster); }}>{t('freeze')}</Button>
            ) },
          ]}
        />
      )}
      <div className="pages">
        <span>{page ? t('total_items', { n: whole(page.total) }) : ''}</span>
        <Button disabled={!wanted.after} onClick={() => set({ after: null })}>{t('previous_page')}</Button>
        <Button disabled={!page?.next} onClick={() => set({ after: page?.next })}>{t('next_page')}</Button>
      </div>
      <AsOf at={at} change={(value) => set({ at: value, after: wanted.after })} />
      <Drawer open={current !== undefined} onClose={() => set({ open: null, after: wanted.after })} size={760} title={current && `${current.title} · ${t('version', { n: current.number })}`}>
        {current && <Comparison roster={current} county={county} />}
      </Drawer>
      <Modal open={drafting} title={t('draft_roster')} onCancel={() => setDrafting(false)} onOk={() => draft.submit()} confirmLoading={make.isPending}>
        <Form form={draft} layout="vertical" onFinish={(roster) => make.mutate(roster)} initialValues={{ category: 'disaster' }}>
          <Form.Item name="title" label={t('roster_title')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
          <Form.Item name="category" label={t('category')} rules={[{ required: true }]}><Select options={options('category')} /></Form.Item>
          <Form.Item name="area" label={t('area')}><TreeSelect allowClear placeholder={t('all_areas')} treeData={areaTree(areas.data ?? [])} /></Form.Item>
          <Form.Item name="poverty_attribute" label={t('poverty')}><Select allowClear options={options('poverty_attribute')} /></Form.Item>
          <Form.Item name="choice" label={t('choice')}><Select allowClear options={options('consent_choice')} /></Form.Item>
          <Form.Item name="must_move" label={t('must_move')}><Select allowClear options={yesNo} /></Form.Item>
          <Form.Item name="open_items" label={t('has_items')}><Select allowClear options={yesNo} /></Form.Item>
          <Form.Item name="identified" label={t('identified')}><Select allowClear options={yesNo} /></Form.Item>
        </Form>
      </Modal>
      <Modal open={freezing !== null} title={t('freeze')} onCancel={() => setFreezing(null)} onOk={() => approval.submit()} confirmLoading={freeze.isPending}>
        <Alert type="warning" showIcon title={t('freeze_why')} style={{ marginBottom: 12 }} />
        <Form form={approval} layout="vertical" onFinish={(given) => freezing && freeze.mutate({ roster: freezing, ...given })}>
          <Form.Item name="approver" label={t('approver')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
          <Form.Item name="document" label={t('roster_document')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
        </Form>
      </Modal>
    </div>
  );
}

function Comparison({ roster, county }: { roster: Roster; county: boolean }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ['roster-comparison', roster.id, roster.version], queryFn: () => api.compareRoster(roster.id) });
  const file = (ending: string) => address(`/register/rosters/${roster.id}/roster.${ending}`);
  const found = query.data;
  const columns = [
    { title: t('register_number'), dataIndex: 'register_number', render: (number: string, row: RosterEntry) => <Link to={`/register/${row.household}`}>{number}</Link> },
    { title: t('head'), dataIndex: 'head_name' }, { title: t('address'), dataIndex: 'area_name' },
  ];
  const list = (title: string, count: number, rows: RosterEntry[], more: object[] = []) => count > 0 && (
    <>
      <h2>{title} ({whole(count)}){rows.length < count && <span className="label"> {t('first_shown', { n: rows.length })}</span>}</h2>
      <Table<RosterEntry> size="small" rowKey="household" dataSource={rows} pagination={{ pageSize: 20, hideOnSinglePage: true }} columns={[...columns, ...more]} scroll={{ x: 560 }} />
    </>
  );
  return (
    <div data-testid="comparison">
      <Space wrap style={{ marginBottom: 12 }}>
        <Button icon={<DownloadOutlined />} href={file('xlsx')}>{t('export_xlsx')}</Button>
        <Button href={file('csv')}>{t('export_csv')}</Button>
        {county && roster.frozen && <Button href={file('json')}>{t('export_signed')}</Button>}
      </Space>
      <dl className="facts">
        <dt>{t('drafted')}</dt><dd>{roster.drafted_by} · {instant(roster.drafted_at)}</dd>
        {roster.frozen && <><dt>{t('frozen_by')}</dt><dd>{roster.frozen.by} · {instant(roster.frozen.at)}</dd><dt>{t('approver')}</dt><dd>{roster.frozen.approver} · {roster.frozen.document}</dd></>}
        <dt>SHA-256</dt><dd style={{ wordBreak: 'break-all' }}>{roster.hash}</dd>
        <dt>{t('compared_with')}</dt><dd>{found?.previous ? `${found.previous.title} · ${t('version', { n: found.previous.number })}` : t('no_previous')}</dd>
      </dl>
      {!found ? <Waiting query={query} /> : (
        <>
          <Space size={32} style={{ margin: '12px 0' }}>
            <Statistic title={t('added')} value={found.added} /><Statistic title={t('removed')} value={found.removed} />
            <Statistic title={t('changed')} value={found.changed} /><Statistic title={t('unchanged')} value={found.unchanged} />
          </Space>
          {list(t('changed'), found.changed, found.changed_entries, [{ title: t('changed'), render: (_: unknown, row: RosterEntry) => <Changes changes={row.changes} /> }])}
          {list(t('removed'), found.removed, found.removed_entries)}
          {list(t('added'), found.added, found.added_entries)}
        </>
      )}
    </div>
  );
}

/** The register as it stood at a time. */
function AsOf({ at, change }: { at: string | undefined; change: (at: string | null) => void }) {
  const { t, code } = useWords();
  const time = at ? new Date(at) : null;
  const valid = time !== null && !Number.isNaN(time.getTime());
  const query = useQuery({ queryKey: ['as-of', at], enabled: valid, queryFn: () => api.registerAsOf({ at: time?.toISOString(), limit: 50 }) });
  return (
    <div className="panel" style={{ marginTop: 16 }} data-testid="as-of">
      <Space wrap><b>{t('as_of')}</b><Input type="datetime-local" style={{ width: 220 }} value={at ?? ''} onChange={(event) => change(event.target.value || null)} />
        {query.data && <span>{t('total', { n: whole(query.data.total) })}{query.data.items.length < query.data.total && ` · ${t('first_shown', { n: query.data.items.length })}`}</span>}
      </Space>
      {valid && (query.data && query.data.items.length > 0 ? (
        <Table size="small" rowKey="household" style={{ marginTop: 12 }} dataSource={query.data.items} pagination={false} scroll={{ x: 720 }} columns={[
          { title: t('register_number'), dataIndex: 'register_number' }, { title: t('head'), dataIndex: 'head_name' }, { title: t('address'), dataIndex: 'area_name' },
          { title: t('category'), dataIndex: 'category', render: (category: string) => code('category', category) },
          { title: t('persons'), dataIndex: 'persons', align: 'right' as const },
          { title: t('time'), render: (_, row) => `${instant(row.changed_at)} · ${row.changed_by} · ${t('version', { n: row.version })}` },
        ]} />
      ) : <Waiting query={query} />)}
    </div>
  );
}
