// Rosters: the list, drafts with their filters, and the register as it stood.

import { PlusOutlined } from '@ant-design/icons';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, Modal, Select, Space, Table, TreeSelect } from 'antd';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';

import { api } from './api/client';
import type { NewRoster, Roster, RosterEntry, RosterState, SessionUser } from './api/types';
import { today } from './command';
import { Freeze, RosterTag } from './comparison';
import { instant, useWords, whole } from './language';
import { areaTree, Day, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';

/** A key fact before and after. */
export function Changes({ changes }: { changes: RosterEntry['changes'] }) {
  const { code, of } = useWords();
  return changes.map((change) => (
    <div key={change.field} data-testid="change"><b>{code('key_fact', change.field)}</b> <del className="label">{of(change.before)}</del> → {of(change.after)}</div>
  ));
}

export default function RostersPage() {
  const { t, code, options } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const go = useNavigate();
  // The register hands over its filters to be drafted from.
  const { at, draft: asked, area, choice, must_move, open_items, ...wanted } = filters;
  const [drafting, setDrafting] = useState(asked === 'true');
  const [draft] = Form.useForm<NewRoster>();
  const flag = (text: string | undefined) => (text === undefined ? undefined : text === 'true');
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({ queryKey: ['rosters', wanted.category, wanted.state, wanted.after], queryFn: () => api.rosters({ category: wanted.category, state: wanted.state, after: wanted.after, limit: 50 }) });
  const county = me.data?.may.includes('draft_roster');
  const done = (roster: Roster) => {
    message.success(t('saved'));
    go(`/rosters/${roster.id}`);
    return client.invalidateQueries({ queryKey: ['rosters'] });
  };
  const make = useMutation({ mutationFn: (roster: NewRoster) => api.draftRoster(roster), onSuccess: done });
  const yesNo = [{ value: true, label: t('yes') }, { value: false, label: t('no') }];
  const page = query.data;
  return (
    <div data-testid="rosters">
      <Title extra={county && <Button type="primary" icon={<PlusOutlined />} onClick={() => setDrafting(true)} data-testid="draft-roster">{t('draft_roster')}</Button>}>{t('rosters')}</Title>
      <div className="filters">
        <Select allowClear style={{ width: 150 }} placeholder={t('category')} value={wanted.category} options={options('category')} onChange={(category) => set({ category })} />
        <Select allowClear style={{ width: 150 }} placeholder={t('state')} value={wanted.state} options={options('roster_state')} onChange={(state) => set({ state })} />
      </div>
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} empty={t('no_rosters')} /></div> : (
        <Table<Roster>
          size="small" rowKey="id" dataSource={page.items} pagination={false} scroll={{ x: 'max-content' }}
          rowClassName="clickable" onRow={(roster) => ({ onClick: () => go(`/rosters/${roster.id}`) })}
          columns={[
            { title: t('roster_title'), dataIndex: 'title', render: (title: string, roster) => <><Link to={`/rosters/${roster.id}`}>{title}</Link> <span className="label">{t('version', { n: roster.number })}</span></> },
            { title: t('category'), dataIndex: 'category', render: (category: string) => code('category', category) },
            { title: t('area'), dataIndex: 'area_name' },
            { title: t('state'), dataIndex: 'state', render: (state: RosterState) => <RosterTag state={state} /> },
            { title: t('number_of_cases'), dataIndex: 'households', align: 'right', render: whole },
            { title: t('persons_n'), dataIndex: 'persons', align: 'right', render: whole },
            { title: t('drafted'), render: (_, roster) => `${roster.drafted_by} · ${instant(roster.drafted_at)}` },
            { title: t('roster_document'), render: (_, roster) => roster.frozen?.document ?? '—' },
            { title: '', align: 'right', render: (_, roster) => <Freeze roster={roster} size="small" /> },
          ]}
        />
      )}
      <div className="pages">
        <span>{page ? t('total_items', { n: whole(page.total) }) : ''}</span>
        <Button disabled={!wanted.after} onClick={() => set({ after: null })}>{t('previous_page')}</Button>
        <Button disabled={!page?.next} onClick={() => set({ after: page?.next })}>{t('next_page')}</Button>
      </div>
      <AsOf at={at} change={(value) => set({ at: value, after: wanted.after })} />
      <Modal open={drafting} width={640} title={t('draft_roster')} okText={t('draft_roster')} onCancel={() => { make.reset(); setDrafting(false); }} onOk={() => draft.submit()} confirmLoading={make.isPending}>
        <p className="label">{t('draft_why')}</p>
        <Wrong error={make.error} />
        <Form form={draft} layout="vertical" onFinish={(roster) => make.mutate(roster)} initialValues={{ category: wanted.category ?? 'disaster', area, choice, must_move: flag(must_move), open_items: flag(open_items) }}>
          <Form.Item name="title" label={t('roster_title')} rules={[{ required: true, max: 200 }]}><Input /></Form.Item>
          <div className="fields">
            <Form.Item name="category" label={t('category')} rules={[{ required: true }]}><Select options={options('category')} /></Form.Item>
            <Form.Item name="area" label={t('area')}><TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} placeholder={t('all_areas')} treeData={areaTree(areas.data ?? [])} /></Form.Item>
            <Form.Item name="identified" label={t('identified')}><Select allowClear placeholder={t('all')} options={yesNo} /></Form.Item>
            <Form.Item name="choice" label={t('choice')}><Select allowClear placeholder={t('all')} options={options('consent_choice')} /></Form.Item>
            <Form.Item name="must_move" label={t('must_move')}><Select allowClear placeholder={t('all')} options={yesNo} /></Form.Item>
            <Form.Item name="poverty_attribute" label={t('poverty')}><Select allowClear placeholder={t('all')} options={options('poverty_attribute')} /></Form.Item>
            <Form.Item name="open_items" label={t('has_items')}><Select allowClear placeholder={t('all')} options={yesNo} /></Form.Item>
          </div>
        </Form>
      </Modal>
    </div>
  );
}

/** The register as it stood at a time. */
function AsOf({ at, change }: { at: string | undefined; change: (at: string | null) => void }) {
  const { t, code } = useWords();
  // The time is one of China, as every date in the program.
  const time = at ? new Date(`${at}+08:00`) : null;
  const valid = time !== null && !Number.isNaN(time.getTime());
  const [trail, setTrail] = useState<string[]>([]);
  const query = useQuery({ queryKey: ['as-of', at, trail.at(-1)], enabled: valid, queryFn: () => api.registerAsOf({ at: time?.toISOString(), after: trail.at(-1), limit: 50 }), placeholderData: keepPreviousData });
  return (
    <div className="panel" style={{ marginTop: 16 }} data-testid="as-of">
      <Space wrap><b>{t('as_of')}</b><Day time width={200} max={today()} value={at} onChange={(value) => { setTrail([]); change(value || null); }} />
        {query.data && <span>{t('total', { n: whole(query.data.total) })}</span>}
        {query.data && query.data.total > 50 && <><Button size="small" disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>{t('previous_page')}</Button><Button size="small" disabled={!query.data.next} onClick={() => query.data.next && setTrail([...trail, query.data.next])}>{t('next_page')}</Button></>}
      </Space>
      {valid && (query.data && query.data.items.length > 0 ? (
        <Table size="small" rowKey="household" style={{ marginTop: 12 }} dataSource={query.data.items} pagination={false} scroll={{ x: 720 }} columns={[
          { title: t('register_number'), dataIndex: 'register_number' }, { title: t('head'), dataIndex: 'head_name' }, { title: t('address'), dataIndex: 'area_name' },
          { title: t('category'), dataIndex: 'category', render: (category: string) => code('category', category) },
          { title: t('persons_n'), dataIndex: 'persons', align: 'right' as const },
          { title: t('time'), render: (_, row) => `${instant(row.changed_at)} · ${row.changed_by} · ${t('version', { n: row.version })}` },
        ]} />
      ) : <Waiting query={query} />)}
    </div>
  );
}
