// What a household's category stands on: its evidence and the pack's conditions, and the list of households by verdict.

import { DownloadOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, Modal, Select, Space, Switch, Table, Tag, TreeSelect, Upload } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { address, api } from './api/client';
import type { AcceptanceRow, AcceptanceState, Attached, CategoryEvidence, EvidenceRecord } from './api/types';
import type { SessionUser } from './api/types';
import { today } from './command';
import { instant, useWords, whole } from './language';
import { areaTree, Day, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';

const STATE: Record<AcceptanceState, string> = { accepted: 'green', missing: 'red', unknown: 'orange', no_rule: 'default' };
const OUTCOME: Record<string, string> = { met: 'green', not_met: 'red', cannot_decide: 'orange' };

/** Evidence and verdict, for the household page. */
export function CategoryPanel({ household, category }: { household: string; category: string }) {
  const { t, code, of, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [editing, setEditing] = useState<EvidenceRecord | 'new' | null>(null);
  const [withdrawing, setWithdrawing] = useState<EvidenceRecord | null>(null);
  const [reason] = Form.useForm<{ reason: string }>();
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const verdict = useQuery({ queryKey: ['acceptance', household], queryFn: () => api.acceptance(household), enabled: me.data?.may.includes('read_casework') === true });
  const evidence = useQuery({ queryKey: ['evidence', household], queryFn: () => api.evidence(household) });
  const again = () => { client.invalidateQueries({ queryKey: ['evidence', household] }); return client.invalidateQueries({ queryKey: ['acceptance', household] }); };
  const withdraw = useMutation({
    mutationFn: ({ record, reason }: { record: EvidenceRecord; reason: string }) => api.withdrawEvidence(household, record, reason),
    onSuccess: () => { message.success(t('saved')); setWithdrawing(null); reason.resetFields(); return again(); },
    onError: (error) => { message.error(problem(error), 10); return again(); },
  });
  const records = me.data?.may.includes('record_grounds') ?? false;
  return (
    <div className="panel w12" data-testid="category-panel">
      <Space wrap style={{ marginBottom: 8 }}>
        <h2 style={{ margin: 0 }}>{t('acceptance_conditions')} · {code('category', category)}</h2>
        {verdict.data && <Tag color={STATE[verdict.data.state]} data-testid="acceptance-state">{code('acceptance_state', verdict.data.state)}</Tag>}
        {verdict.data && <span className="label">{t('acceptance_pack')} {verdict.data.pack}</span>}
        {records && <Button size="small" icon={<PlusOutlined />} onClick={() => setEditing('new')} data-testid="evidence-add">{t('evidence_add')}</Button>}
      </Space>
      {me.data?.may.includes('read_casework') !== true ? null : !verdict.data ? <Waiting query={verdict} /> : verdict.data.findings.map((finding) => (
        <div key={finding.rule} style={{ padding: '4px 0' }}>
          <Tag color={OUTCOME[finding.outcome]}>{code('rule_outcome', finding.outcome)}</Tag>
          <b>{of(finding.name)}</b>{finding.severity === 'ask' && <span className="label"> · {t('acceptance_ask_only')}</span>}
          <div className="label">{of(finding.explanation)} {of(finding.action)}</div>
        </div>
      ))}
      {!evidence.data ? <Waiting query={evidence} /> : evidence.data.length === 0 ? <p className="label" style={{ margin: '8px 0 0' }}>{t('evidence_none')}</p> : <Table<EvidenceRecord> size="small" rowKey="id" style={{ marginTop: 8 }} dataSource={evidence.data} pagination={false} scroll={{ x: 720 }} columns={[
        { title: t('evidence_kind'), render: (_, it) => code('evidence_kind', it.evidence.kind) },
        { title: t('evidence'), render: (_, it) => <Described evidence={it.evidence} /> },
        { title: t('evidence_attachment'), render: (_, it) => 'attachment' in it.evidence && it.evidence.attachment ? <a href={address(`/register/households/${household}/evidence/${it.id}/file`)}>{it.evidence.attachment.name}</a> : '—' },
        { title: t('recorded_by'), render: (_, it) => `${it.recorded_by} · ${instant(it.recorded_at)}` },
        { title: '', align: 'right', render: (_, it) => !it.editable ? <span className="label">{t('evidence_from_list')}</span> : records && (
          <Space size={4}><Button size="small" onClick={() => setEditing(it)}>{t('evidence_correct')}</Button><Button size="small" danger onClick={() => setWithdrawing(it)}>{t('evidence_withdraw')}</Button></Space>
        ) },
      ]} />}
      {editing !== null && <EvidenceDialog household={household} category={category} record={editing === 'new' ? undefined : editing} close={() => setEditing(null)} saved={again} />}
      <Modal open={withdrawing !== null} title={t('evidence_withdraw')} onCancel={() => setWithdrawing(null)} onOk={() => reason.submit()} confirmLoading={withdraw.isPending}>
        <Form form={reason} layout="vertical" onFinish={(given) => withdrawing && withdraw.mutate({ record: withdrawing, reason: given.reason })}>
          <Form.Item name="reason" label={t('remark_why')} rules={[{ required: true, whitespace: true, max: 200 }]}><Input /></Form.Item>
        </Form>
      </Modal>
    </div>
  );
}

function Described({ evidence }: { evidence: CategoryEvidence }) {
  const { t, code } = useWords();
  switch (evidence.kind) {
    case 'department_list_entry': return <>{evidence.document} · {evidence.office} <span className="label">{evidence.entry}</span></>;
    case 'hazard_assessment': return <>{evidence.number} · {evidence.date} · {t('evidence_level')} {code('hazard_risk', evidence.level)} · {t(evidence.cannot_be_made_safe ? 'hazard_cannot' : 'hazard_can')}</>;
    case 'protected_parcel': return <>{evidence.reference} · {code('protected_zone', evidence.zone)} · {evidence.document}</>;
    case 'project': return <>{evidence.name} · {evidence.document}</>;
  }
}

// The form requires both.
type Level = Extract<CategoryEvidence, { kind: 'hazard_assessment' }>['level'];
type Zone = Extract<CategoryEvidence, { kind: 'protected_parcel' }>['zone'];

interface EvidenceForm {
  kind: CategoryEvidence['kind'];
  number?: string;
  date?: string;
  level?: string;
  cannot_be_made_safe?: boolean;
  reference?: string;
  zone?: string;
  document?: string;
  name?: string;
}

const KIND: Record<string, CategoryEvidence['kind']> = { disaster: 'hazard_assessment', ecological: 'protected_parcel', other: 'project' };

function EvidenceDialog({ household, category, record, close, saved }: { household: string; category: string; record: EvidenceRecord | undefined; close: () => void; saved: () => unknown }) {
  const { t, options, problem } = useWords();
  const { message } = App.useApp();
  const [form] = Form.useForm<EvidenceForm>();
  const kind = Form.useWatch('kind', form);
  const [attachment, setAttachment] = useState<Attached | null>(record && 'attachment' in record.evidence ? record.evidence.attachment ?? null : null);
  const onError = (error: unknown) => message.error(problem(error), 10);
  const upload = useMutation({ mutationFn: (file: File) => api.storeEvidence(file), onSuccess: setAttachment, onError });
  const save = useMutation({
    mutationFn: (given: EvidenceForm) => {
      const evidence = (): CategoryEvidence => {
        switch (given.kind) {
          case 'hazard_assessment': return { kind: given.kind, number: given.number ?? '', date: given.date ?? '', level: given.level as Level, cannot_be_made_safe: given.cannot_be_made_safe ?? false, attachment };
          case 'protected_parcel': return { kind: given.kind, reference: given.reference ?? '', zone: given.zone as Zone, document: given.document ?? '', attachment };
          default: return { kind: 'project', name: given.name ?? '', document: given.document ?? '', attachment };
        }
      };
      return record ? api.correctEvidence(household, record, evidence()) : api.recordEvidence(household, evidence());
    },
    onSuccess: () => { message.success(t('saved')); close(); return saved(); },
  });
  const needed = [{ required: true, whitespace: true, max: 200 }];
  return (
    <Modal open title={t(record ? 'evidence_correct' : 'evidence_add')} onCancel={close} onOk={() => form.submit()} confirmLoading={save.isPending}>
      <Wrong error={save.error} />
      <Form form={form} layout="vertical" onFinish={(given) => save.mutate(given)} initialValues={record ? record.evidence : { kind: KIND[category] ?? 'project', cannot_be_made_safe: true }}>
        <Form.Item name="kind" label={t('evidence_kind')} rules={[{ required: true }]}><Select options={options('evidence_kind').filter((it) => it.value !== 'department_list_entry')} /></Form.Item>
        {kind === 'hazard_assessment' && (
          <>
            <Form.Item name="number" label={t('evidence_number')} rules={needed}><Input /></Form.Item>
            <Form.Item name="date" label={t('evidence_date')} rules={[{ required: true }]}><Day max={today()} /></Form.Item>
            <Form.Item name="level" label={t('evidence_level')} rules={[{ required: true }]}><Select options={options('hazard_risk')} /></Form.Item>
            <Form.Item name="cannot_be_made_safe" label={t('hazard_cannot')} valuePropName="checked"><Switch /></Form.Item>
          </>
        )}
        {kind === 'protected_parcel' && (
          <>
            <Form.Item name="reference" label={t('evidence_reference')} rules={needed}><Input /></Form.Item>
            <Form.Item name="zone" label={t('evidence_zone')} rules={[{ required: true }]}><Select options={options('protected_zone')} /></Form.Item>
          </>
        )}
        {kind === 'project' && <Form.Item name="name" label={t('evidence_project')} rules={needed}><Input /></Form.Item>}
        {(kind === 'protected_parcel' || kind === 'project') && <Form.Item name="document" label={t('evidence_document')} rules={needed}><Input /></Form.Item>}
        <Form.Item label={t('evidence_attachment')}>
          <Upload maxCount={1} showUploadList={false} beforeUpload={(file) => { upload.mutate(file); return false; }}><Button loading={upload.isPending}>{attachment?.name ?? t('upload')}</Button></Upload>
        </Form.Item>
      </Form>
    </Modal>
  );
}

export default function AcceptancePage() {
  const { t, code, of, options } = useWords();
  const { filters, set, clear } = useFilters();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({ queryKey: ['acceptance-list', filters], queryFn: () => api.acceptanceList({ ...filters, limit: 50 }) });
  const page = query.data;
  return (
    <div data-testid="acceptance">
      <Title extra={<Space><Button icon={<DownloadOutlined />} href={address('/register/acceptance.xlsx', filters)}>{t('export_xlsx')}</Button><Button href={address('/register/acceptance.csv', filters)}>{t('export_csv')}</Button></Space>}>{t('acceptance')}</Title>
      <div className="filters">
        <Input.Search allowClear style={{ width: 220 }} placeholder={t('search_households')} defaultValue={filters.search} onSearch={(search) => set({ search })} />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area) => set({ area })} />
        <Select allowClear style={{ width: 150 }} placeholder={t('category')} value={filters.category} options={options('category')} onChange={(category) => set({ category })} />
        <Select allowClear style={{ width: 190 }} placeholder={t('acceptance')} value={filters.state} options={options('acceptance_state')} onChange={(state) => set({ state })} />
        {Object.keys(filters).length > 0 && <Button type="link" onClick={clear}>{t('clear')}</Button>}
      </div>
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} empty={t('acceptance_none')} /></div> : (
        <Table<AcceptanceRow> size="small" rowKey="household" dataSource={page.items} pagination={false} scroll={{ x: 860 }} columns={[
          { title: t('register_number'), width: 120, render: (_, row) => <Link to={`/register/${row.household}`}>{row.register_number}</Link> },
          { title: t('head'), dataIndex: 'head_name', width: 90 }, { title: t('address'), dataIndex: 'area_name', width: 220 },
          { title: t('category'), width: 110, render: (_, row) => code('category', row.category) },
          { title: t('acceptance'), width: 130, render: (_, row) => <Tag color={STATE[row.state]}>{code('acceptance_state', row.state)}</Tag> },
          { title: t('acceptance_missing'), render: (_, row) => of(row.missing) || '—' },
        ]} />
      )}
      <div className="pages">
        <span>{page && !filters.state ? t('total', { n: whole(page.total) }) : ''}</span>
        <Button disabled={!filters.after} onClick={() => set({ after: null })}>{t('previous_page')}</Button>
        <Button disabled={!page?.next} onClick={() => set({ after: page?.next })}>{t('next_page')}</Button>
      </div>
    </div>
  );
}
