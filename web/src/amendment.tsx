// Amendments: the inbox with both values and who decided, and asking for one on a household's page.

import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, InputNumber, Modal, Select, Space, Table, Tag, Timeline, TreeSelect } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { address, api, Problem } from './api/client';
import type { Amendment, AmendmentDecision, AmendmentRequest, AmendmentState, HouseholdDetail, NewKeyFact, SessionUser } from './api/types';
import { today } from './command';
import { next, useGridKeys } from './grid';
import { FileChoice } from './household/changes';
import { instant, useWords, whole } from './language';
import { areaTree, Day, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';
import { Changes } from './roster';

const STATE: Record<AmendmentState, string> = { asked: 'orange', township_approved: 'gold', applied: 'green', refused: 'default' };

/** The steps of an amendment: who, when, with what remark. */
export function Steps({ amendment }: { amendment: Amendment }) {
  const { code } = useWords();
  return <Timeline items={amendment.steps.map((step) => ({ key: step.at, content: <>{code('amendment_state', step.state)} · <b>{step.by}</b> · {instant(step.at)}{step.remark && ` · ${step.remark}`}</> }))} />;
}

export function AmendmentTag({ state }: { state: AmendmentState }) {
  const { code } = useWords();
  return <Tag color={STATE[state]}>{code('amendment_state', state)}</Tag>;
}

/** What the signed-in person may do with an amendment; whoever took a step takes no other. */
export function decisionsOf(amendment: Pick<Amendment, 'state' | 'kind' | 'steps'>, me: Pick<SessionUser, 'name' | 'may'>): AmendmentDecision[] {
  if (amendment.state === 'applied' || amendment.state === 'refused' || amendment.steps.some((step) => step.by === me.name)) return [];
  const township = me.may.includes('check_amendment');
  const county = me.may.includes('approve_roster');
  const decisions: AmendmentDecision[] = [];
  if (township && amendment.state === 'asked') decisions.push('township_approve');
  if (county && (amendment.state === 'township_approved' || amendment.kind === 'natural_change')) decisions.push('apply');
  if (county || (township && amendment.state === 'asked')) decisions.push('refuse');
  return decisions;
}

/** The paper that proves an amendment: pictures are shown, anything else is downloaded. */
function EvidenceView({ amendment }: { amendment: Amendment }) {
  const { t, problem } = useWords();
  const [open, setOpen] = useState(false);
  const picture = /\.(jpe?g|png|gif|webp)$/i.test(amendment.evidence_name ?? '');
  const query = useQuery({ queryKey: ['evidence', amendment.id], enabled: open && picture, staleTime: Infinity, queryFn: async () => URL.createObjectURL(await api.evidenceOf(amendment.id)) });
  if (!amendment.evidence_name) return null;
  return (
    <>
      <a href={address(`/register/amendments/${amendment.id}/evidence`)}>{amendment.evidence_name}</a>{' '}
      {picture && <Button size="small" type="link" onClick={() => setOpen(true)}>{t('preview_evidence')}</Button>}
      <Modal open={open} footer={null} width={820} title={amendment.evidence_name} onCancel={() => setOpen(false)}>
        {query.data ? <img src={query.data} alt={amendment.evidence_name} style={{ maxWidth: '100%' }} /> : query.error ? problem(query.error) : t('loading')}
      </Modal>
    </>
  );
}

export default function AmendmentsPage() {
  const { t, code, options, problem, of } = useWords();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const [remark, setRemark] = useState('');
  const [picked, setPicked] = useState<string[]>([]);
  const [open, setOpen] = useState<string | null>(null);
  const [cursor, setCursor] = useState(-1);
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({ queryKey: ['amendments', filters], queryFn: () => api.amendments({ ...filters, limit: 50 }), placeholderData: keepPreviousData });
  const page = query.data;
  const rows = page?.items ?? [];
  const may = (amendment: Amendment) => (me.data ? decisionsOf(amendment, me.data) : []);
  const refresh = () => Promise.all(['amendments', 'household', 'start'].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const decide = async (amendment: Amendment, decision: AmendmentDecision) => {
    try {
      await api.decideAmendment(amendment, decision, remark);
      setRemark('');
      message.success(t('saved'));
    } catch (error) {
      message.error(error instanceof Problem && error.code === 'version_conflict' ? t('conflict') : problem(error), 8);
    }
    await refresh();
  };
  const chosen = rows.filter((row) => picked.includes(row.id));
  // A batch takes one step, so only what all of the picked allow is offered.
  const common = (['township_approve', 'apply', 'refuse'] as const).filter((decision) => chosen.length > 0 && chosen.every((row) => may(row).includes(decision)));
  const batch = useMutation({
    mutationFn: (decision: AmendmentDecision) => api.decideAmendments(chosen, decision, remark),
    onSuccess: (outcome) => {
      setRemark('');
      setPicked([]);
      message.success(t('decided_count', { n: outcome.done }));
      if (outcome.refused > 0) modal.warning({ title: t('batch_refused', { n: outcome.refused }), width: 560, content: outcome.items.filter((row) => row.problem).map((row) => <p key={row.index}>{chosen[row.index]?.register_number}: {row.problem && of({ zh: row.problem.detail, en: row.problem.detail_en })}</p>) });
      return refresh();
    },
    onError: (error) => message.error(problem(error), 8),
  });
  const toggle = (id: string) => setPicked(picked.includes(id) ? picked.filter((other) => other !== id) : [...picked, id]);
  const show = (id: string | null) => { setRemark(''); setOpen(id); };
  useGridKeys((key) => {
    const row = rows[cursor];
    if (key === 'down') setCursor(next(cursor, 1, rows.length));
    if (key === 'up') setCursor(next(cursor, -1, rows.length));
    if (key === 'open' && row) show(open === row.id ? null : row.id);
    if (key === 'pick' && row && may(row).length > 0) toggle(row.id);
  });
  const filter = (changes: Record<string, string | null | undefined>) => { setPicked([]); setCursor(-1); set(changes); };
  return (
    <div data-testid="amendments">
      <Title>{t('amendments')}</Title>
      <div className="filters">
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 190 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area: string | undefined) => filter({ area })} />
        <Select allowClear style={{ width: 160 }} placeholder={t('state')} value={filters.state} options={options('amendment_state')} onChange={(state) => filter({ state })} />
        <Select allowClear style={{ width: 160 }} placeholder={t('amendment_kind')} value={filters.kind} options={options('amendment_kind')} onChange={(kind) => filter({ kind })} />
        <span className="label keys">{t('inbox_keys')}</span>
      </div>
      {chosen.length > 0 && (
        <div className="picked">
          <b>{t('decide_picked', { n: chosen.length })}</b>
          <Input style={{ width: 320 }} maxLength={500} value={remark} onChange={(event) => setRemark(event.target.value)} placeholder={t('remark_hint')} />
          {common.map((decision) => <Button key={decision} size="small" type={decision === 'refuse' ? 'default' : 'primary'} danger={decision === 'refuse'} disabled={decision === 'refuse' && !remark.trim()} loading={batch.isPending} onClick={() => batch.mutate(decision)}>{t(`amendment_${decision}`)}</Button>)}
          <Button size="small" type="link" onClick={() => setPicked([])}>{t('pick_none')}</Button>
        </div>
      )}
      {rows.length === 0 ? <div className="panel"><Waiting query={query} empty={t('no_amendments')} /></div> : (
        <Table<Amendment>
          size="small" rowKey="id" dataSource={rows} pagination={false} scroll={{ x: 1140 }} rowClassName={(_, place) => (place === cursor ? 'row-cursor' : '')}
          rowSelection={{ selectedRowKeys: picked, onSelect: (row) => toggle(row.id), onSelectAll: (all) => setPicked(all ? rows.filter((row) => may(row).length > 0).map((row) => row.id) : []), getCheckboxProps: (row) => ({ disabled: may(row).length === 0 }) }}
          expandable={{
            expandRowByClick: true,
            expandedRowKeys: open ? [open] : [],
            onExpand: (expanded, row) => show(expanded ? row.id : null),
            expandedRowRender: (amendment) => (
              <div style={{ padding: '4px 12px 12px' }}>
                <dl className="facts" style={{ marginBottom: 12 }}><dt>{t('reason')}</dt><dd>{amendment.reason}</dd><dt>{t('evidence')}</dt><dd><EvidenceView amendment={amendment} /></dd></dl>
                <Steps amendment={amendment} />
                {may(amendment).length > 0 && chosen.length === 0 && (
                  <>
                    <Input.TextArea rows={2} maxLength={500} showCount value={remark} onChange={(event) => setRemark(event.target.value)} placeholder={t('remark_hint')} />
                    <Space style={{ marginTop: 16 }}>
                      {may(amendment).map((decision) => (
                        <Button key={decision} type={decision === 'refuse' ? 'default' : 'primary'} danger={decision === 'refuse'} disabled={decision === 'refuse' && !remark.trim()}
                          onClick={() => decide(amendment, decision)}>{t(`amendment_${decision}`)}</Button>
                      ))}
                    </Space>
                  </>
                )}
              </div>
            ),
          }}
          columns={[
            { title: t('register_number'), dataIndex: 'register_number', width: 104, render: (number: string, row) => <Link to={`/register/${row.household}`}>{number}</Link> },
            { title: t('address'), dataIndex: 'area_name', width: 190 },
            { title: t('amendment_kind'), dataIndex: 'kind', width: 90, render: (kind: string) => code('amendment_kind', kind) },
            { title: t('key_fact'), width: 90, render: (_, row) => row.changes.map((change) => <div key={change.field}>{code('key_fact', change.field)}</div>) },
            { title: t('before'), render: (_, row) => row.changes.map((change) => <div key={change.field} className="before">{of(change.before)}</div>) },
            { title: t('after'), render: (_, row) => row.changes.map((change) => <div key={change.field} className="after" data-testid="after">{of(change.after)}</div>) },
            { title: t('state'), dataIndex: 'state', width: 110, render: (state: AmendmentState) => <AmendmentTag state={state} /> },
            { title: t('asked_by'), width: 140, render: (_, row) => (row.steps[0] ? <>{row.steps[0].by}<br /><span className="label">{instant(row.steps[0].at)}</span></> : '') },
          ]}
        />
      )}
      <div className="pages">
        <span>{page ? t('total_items', { n: whole(page.total) }) : ''}</span>
        <Button size="small" disabled={!filters.after} onClick={() => set({ after: null })}>{t('first_page')}</Button>
        <Button size="small" disabled={!page?.next} onClick={() => set({ after: page?.next })}>{t('next_page')}</Button>
      </div>
    </div>
  );
}

/** The section of a household's page: the roster it is on, its amendments, and asking for one. */
export function OnRoster({ household }: { household: HouseholdDetail }) {
  const { t, code } = useWords();
  const [asking, setAsking] = useState(false);
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  return (
    <div className="panel w12" data-testid="on-roster">
      <h2>{t('rosters')}</h2>
      {household.roster ? (
        <p style={{ marginTop: 0 }}>
          <Link to={`/rosters/${household.roster.id}`}>{household.roster.title} · {t('version', { n: household.roster.number })}</Link> · {household.roster.document} <span className="label">{t('amendment_only')}</span>{' '}
          {me.data?.may.includes('ask_amendment') && <Button size="small" onClick={() => setAsking(true)} data-testid="ask-amendment">{t('ask_amendment')}</Button>}
        </p>
      ) : <span className="label">{t('on_no_roster')}</span>}
      {household.amendments.map((amendment) => (
        <div key={amendment.id} style={{ marginTop: 12 }}>
          <AmendmentTag state={amendment.state} /> {code('amendment_kind', amendment.kind)} · {amendment.reason}
          <Changes changes={amendment.changes} />
          <div style={{ marginTop: 8 }}><Steps amendment={amendment} /></div>
        </div>
      ))}
      {asking && <Ask household={household} close={() => setAsking(false)} />}
    </div>
  );
}

interface Asked {
  kind: AmendmentRequest['kind'];
  field: NewKeyFact['field'];
  reason: string;
  category?: Of<'category'>['new'];
  pathway?: Of<'pathway'>['new'];
  area?: string;
  bank_account?: string;
  home?: Partial<Of<'home'>['new']>;
  person?: string;
  leaves?: boolean;
  member?: Of<'members'>['members'][number];
}

type Of<F extends NewKeyFact['field']> = Extract<NewKeyFact, { field: F }>;

/** The change as the API takes it: what was left empty stays as it is. */
export function changeOf(asked: Asked, household: HouseholdDetail): NewKeyFact {
  switch (asked.field) {
    case 'members': {
      const filled = Object.fromEntries(Object.entries(asked.member ?? {}).filter(([, value]) => value));
      const person = asked.person && asked.person !== 'new' ? { person: asked.person } : {};
      return { field: 'members', members: [asked.leaves ? { ...person, leaves: true } : { ...person, ...filled }] };
    }
    case 'home':
      return { field: 'home', new: { ...household.home, ...Object.fromEntries(Object.entries(asked.home ?? {}).filter(([, value]) => value !== undefined && value !== null)), position: household.position } };
    case 'category': return { field: 'category', new: asked.category ?? household.category };
    case 'pathway': return { field: 'pathway', new: asked.pathway ?? null };
    case 'area': return { field: 'area', new: asked.area ?? household.area };
    default: return { field: 'bank_account', new: asked.bank_account ?? null };
  }
}

function Ask({ household, close }: { household: HouseholdDetail; close: () => void }) {
  const { t, code, options } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<Asked>();
  const [file, setFile] = useState<File | null>(null);
  const [missing, setMissing] = useState(false);
  const field = Form.useWatch('field', form);
  const kind = Form.useWatch('kind', form);
  const person = Form.useWatch('person', form);
  const leaves = Form.useWatch('leaves', form);
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const send = useMutation({
    mutationFn: async (asked: Asked) => {
      const evidence = file ? (await api.storeEvidence(file)).hash : '';
      return api.askAmendment({ household: household.id, kind: asked.kind, reason: asked.reason, evidence, changes: [changeOf(asked, household)] });
    },
    onSuccess: () => { close(); message.success(t('saved')); return client.invalidateQueries({ queryKey: ['household', household.id] }); },
  });
  const facts = options('key_fact').filter((fact) => kind !== 'natural_change' || fact.value === 'members');
  return (
    <Modal open width={600} title={`${t('ask_amendment')} · ${household.register_number}`} okText={t('ask_amendment')} onCancel={close} onOk={() => form.submit()} confirmLoading={send.isPending}>
      <Wrong error={send.error} />
      <Form form={form} layout="vertical" onFinish={(asked) => (file ? send.mutate(asked) : setMissing(true))} initialValues={{ kind: 'correction' }}>
        <div className="fields">
          <Form.Item name="kind" label={t('amendment_kind')} rules={[{ required: true }]}><Select options={options('amendment_kind')} onChange={() => form.setFieldValue('field', undefined)} /></Form.Item>
          <Form.Item name="field" label={t('key_fact')} rules={[{ required: true }]}><Select options={facts} /></Form.Item>
        </div>
        {field === 'category' && <Form.Item name="category" label={t('category')} rules={[{ required: true }]}><Select options={options('category')} /></Form.Item>}
        {field === 'pathway' && <Form.Item name="pathway" label={t('pathway')}><Select allowClear options={options('pathway')} /></Form.Item>}
        {field === 'area' && <Form.Item name="area" label={t('area')} rules={[{ required: true }]}><TreeSelect showSearch={{ treeNodeFilterProp: 'title' }} treeData={areaTree(areas.data ?? [])} /></Form.Item>}
        {field === 'bank_account' && <Form.Item name="bank_account" label={t('account')}><Input /></Form.Item>}
        {field === 'home' && (
          <div className="fields">
            <Form.Item name={['home', 'structure']} label={t('structure')}><Select allowClear placeholder={code('structure', household.home.structure)} options={options('structure')} /></Form.Item>
            <Form.Item name={['home', 'grade']} label={t('grade')}><Select allowClear placeholder={code('safety_grade', household.home.grade)} options={options('safety_grade')} /></Form.Item>
            <Form.Item name={['home', 'area_m2']} label={t('home_area')}><InputNumber min={1} max={2000} suffix="m²" style={{ width: '100%' }} placeholder={household.home.area_m2?.toString() ?? ''} /></Form.Item>
            <Form.Item name={['home', 'year_built']} label={t('built')}><InputNumber min={1800} max={2100} style={{ width: '100%' }} placeholder={household.home.year_built?.toString() ?? ''} /></Form.Item>
          </div>
        )}
        {field === 'members' && (
          <>
            <Form.Item name="person" label={t('members')} rules={[{ required: true }]}>
              <Select options={[{ value: 'new', label: t('new_member') }, ...household.members.map((member) => ({ value: member.id, label: `${member.name} ${code('relation', member.relation)}` }))]} />
            </Form.Item>
            {person && person !== 'new' && <Form.Item name="leaves" label={t('member_leaves')}><Select allowClear options={[{ value: true, label: t('yes') }]} /></Form.Item>}
            {person && !leaves && (
              <>
                <Form.Item name={['member', 'name']} label={t('person_name')} rules={[{ required: person === 'new', max: 50 }]}><Input /></Form.Item>
                <Form.Item name={['member', 'id_number']} label={t('id_number')}><Input /></Form.Item>
                <Form.Item name={['member', 'sex']} label={t('sex')} rules={[{ required: person === 'new' }]}><Select allowClear options={options('sex')} /></Form.Item>
                <Form.Item name={['member', 'birth_date']} label={t('birth_date')}><Day max={today()} /></Form.Item>
                <Form.Item name={['member', 'relation']} label={t('relation')} rules={[{ required: person === 'new' }]}><Select allowClear options={options('relation')} /></Form.Item>
              </>
            )}
          </>
        )}
        <Form.Item name="reason" label={t('reason')} rules={[{ required: true, max: 500 }]}><Input.TextArea rows={2} /></Form.Item>
        <Form.Item label={t('evidence')} required extra={t('evidence_help')} {...(missing ? { validateStatus: 'error' as const, help: t('required', { name: t('evidence') }) } : {})}><FileChoice file={file} choose={(chosen) => { setFile(chosen); setMissing(false); }} /></Form.Item>
      </Form>
    </Modal>
  );
}
