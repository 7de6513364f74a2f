// Bulk changes: sheets out, sheets in by drag, the inbox, and one batch with every difference before and after.

import { ArrowLeftOutlined, DownloadOutlined, InboxOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Modal, Radio, Select, Space, Spin, Statistic, Table, Tabs, Tag, Upload } from 'antd';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';

import { address, api, Problem } from './api/client';
import type { BulkChange, BulkEdit, BulkRow, BulkState, BulkStep, Need, Purpose as PurposeCode, RefusedRow, Selection, SessionUser } from './api/types';
import { instant, useWords, whole } from './language';
import { Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';

const STATE: Record<BulkState, string> = { read: 'blue', asked: 'orange', approved: 'green', refused: 'default', withdrawn: 'default' };
const PAGE = 50;

function useMay(): string[] {
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  return me.data?.may ?? [];
}

/** The purpose for which personal data is read or changed. */
function Purpose({ label, required = false }: { label: string; required?: boolean }) {
  const { t, options } = useWords();
  const form = Form.useFormInstance();
  const purpose = Form.useWatch<PurposeCode | undefined>('purpose', form);
  return (
    <>
      <Form.Item name="purpose" label={label} rules={[{ required }]}><Select allowClear={!required} options={options('purpose')} data-testid="purpose" /></Form.Item>
      {purpose && <Form.Item name="note" label={t('note')} rules={[{ required: purpose === 'other', max: 200 }]}><Input /></Form.Item>}
    </>
  );
}

const needOf = (given: { purpose?: PurposeCode; note?: string }): Need | undefined => (given.purpose ? { purpose: given.purpose, note: given.note } : undefined);

/** Which sheet of the picked households is wanted. */
export function ChangeSheetModal({ selection, count, close }: { selection: Selection; count: number; close: () => void }) {
  const { t } = useWords();
  const may = useMay();
  const [form] = Form.useForm<{ format: string; personal: boolean; purpose?: PurposeCode; note?: string }>();
  const personal = Form.useWatch('personal', form);
  const send = useMutation({
    mutationFn: (wanted: { format: string; personal: boolean; purpose?: PurposeCode; note?: string }) => {
      const [format, part] = wanted.format.split('.');
      return api.changeSheet({ selection, format: format === 'csv' ? 'csv' : 'xlsx', ...(part === 'members' ? { part: 'members' as const } : {}), need: wanted.personal ? needOf(wanted) : undefined });
    },
    onSuccess: close,
  });
  return (
    <Modal open title={`${t('change_sheet')} · ${t('picked', { n: whole(count) })}`} onCancel={close} onOk={() => form.submit()} okText={t('download')} confirmLoading={send.isPending}>
      <Wrong error={send.error} />
      <p className="label">{t('change_sheet_why')} <Link to="/bulk">{t('bulk')}</Link></p>
      <Form form={form} layout="vertical" onFinish={(wanted) => send.mutate(wanted)} initialValues={{ format: 'xlsx', personal: false }}>
        <Form.Item name="format" label={t('format')}><Radio.Group options={[{ value: 'xlsx', label: t('xlsx_both') }, { value: 'csv.households', label: t('csv_households') }, { value: 'csv.members', label: t('csv_members') }]} /></Form.Item>
        <Form.Item name="personal"><Radio.Group style={{ display: 'flex', flexDirection: 'column', gap: 6 }} options={[{ value: false, label: t('sheet_masked') }, ...(may.includes('unmask_data') ? [{ value: true, label: t('sheet_whole') }] : [])]} /></Form.Item>
        {personal && <Purpose label={t('purpose')} required />}
      </Form>
    </Modal>
  );
}

export default function BulkPage() {
  const { t, code, options } = useWords();
  const { filters, set } = useFilters();
  const go = useNavigate();
  const may = useMay();
  const decides = may.includes('approve_bulk_change');
  const tab = filters.tab ?? (decides ? 'inbox' : 'mine');
  const chosen = tab === 'inbox' ? { state: 'asked', mine: false } : tab === 'mine' ? { state: filters.state, mine: true } : { state: filters.state };
  const query = useQuery({ queryKey: ['bulk', tab, filters.state, filters.after], enabled: may.length > 0, queryFn: () => api.bulkChanges({ ...chosen, after: filters.after, limit: 50 }) });
  const page = query.data;
  return (
    <div data-testid="bulk">
      <Title>{t('bulk')}</Title>
      {may.includes('ask_bulk_change') && <SheetUpload />}
      <Tabs activeKey={tab} onChange={(key) => set({ tab: key, state: null })} items={[...(decides ? [{ key: 'inbox', label: t('inbox') }] : []), { key: 'mine', label: t('mine') }, { key: 'all', label: t('everything') }]} />
      {tab !== 'inbox' && <div className="filters"><Select allowClear style={{ width: 150 }} placeholder={t('state')} value={filters.state} options={options('bulk_state')} onChange={(state) => set({ state })} /></div>}
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} empty={t('no_bulk')} /></div> : (
        <Table<BulkChange>
          size="small" rowKey="id" dataSource={page.items} pagination={false} scroll={{ x: 1080 }} rowClassName="clickable" onRow={(batch) => ({ onClick: () => go(`/bulk/${batch.id}`) })}
          columns={[
            { title: t('bulk_title'), dataIndex: 'title', width: 240, render: (title: string, batch) => <Link to={`/bulk/${batch.id}`} data-testid="batch">{title}</Link> },
            { title: t('source'), dataIndex: 'source', width: 100, render: (source: string) => code('bulk_source', source) },
            { title: t('state'), dataIndex: 'state', width: 90, render: (state: BulkState) => <StateTag state={state} /> },
            { title: t('number_of_cases'), dataIndex: 'households', align: 'right', width: 104, render: whole },
            { title: t('lines_refused'), dataIndex: 'rows_refused', align: 'right', width: 90, render: (count: number) => (count > 0 ? whole(count) : '') },
            { title: t('area'), dataIndex: 'area_name', width: 110 },
            { title: t('reason'), dataIndex: 'reason', ellipsis: true },
            { title: t('asked_by'), width: 230, render: (_, batch) => `${batch.asked_by} · ${instant(batch.asked_at)}` },
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

function StateTag({ state }: { state: BulkState }) {
  const { code } = useWords();
  return <Tag color={STATE[state]}>{code('bulk_state', state)}</Tag>;
}

/** Takes an edited sheet and leads to its preview. */
function SheetUpload() {
  const { t, of, problem } = useWords();
  const { message } = App.useApp();
  const go = useNavigate();
  const may = useMay();
  const [form] = Form.useForm<{ clear?: string[]; purpose?: PurposeCode; note?: string }>();
  const columns = useQuery({ queryKey: ['sheet-columns'], queryFn: api.sheetColumns, staleTime: Infinity });
  const read = useMutation({
    mutationFn: (sheet: File) => {
      const given = form.getFieldsValue();
      return api.readSheet(sheet, given.clear ?? [], needOf(given));
    },
    onSuccess: (batch) => go(`/bulk/${batch.id}`),
    onError: (error) => message.error(problem(error), 10),
  });
  return (
    <div className="panel" style={{ marginBottom: 14 }}>
      <p className="label" style={{ marginTop: 0 }}>{t('bulk_why')} <Link to="/register">{t('register')}</Link> → {t('change_sheet')}</p>
      <Form form={form} layout="vertical">
        <div className="grid">
          <div className="w6">
            <Upload.Dragger accept=".xlsx,.csv" maxCount={1} showUploadList={false} disabled={read.isPending} beforeUpload={(sheet: File) => { read.mutate(sheet); return false; }} data-testid="drop">
              {read.isPending ? <p><Spin /> {t('reading_file', { name: read.variables.name })}</p> : <><p style={{ fontSize: 28, margin: 0, color: '#1f6f5c' }}><InboxOutlined /></p><p style={{ margin: '4px 12px' }}>{t('upload_here')}</p><p className="label" style={{ margin: '4px 12px' }}>{t('upload_limits')}</p></>}
            </Upload.Dragger>
          </div>
          <div className="w6">
            <Form.Item name="clear" label={t('clear_columns')} extra={t('clear_why')}>
              <Select mode="multiple" allowClear options={(columns.data ?? []).filter((column) => column.clearable).map((column) => ({ value: column.field, label: of(column.title) }))} />
            </Form.Item>
            {may.includes('unmask_data') && <Purpose label={t('personal_purpose')} />}
          </div>
        </div>
      </Form>
    </div>
  );
}

/** A batch: what it changes, what was refused, and the next step. */
export function BulkChangePage() {
  const { t, of, code } = useWords();
  const { id = '' } = useParams();
  const query = useQuery({ queryKey: ['bulk-change', id], queryFn: () => api.bulkChange(id) });
  const [tab, setTab] = useState<string>();
  const batch = query.data;
  if (!batch) return <div className="panel"><Waiting query={query} /></div>;
  const shown = tab ?? (batch.households === 0 && batch.rows_refused > 0 ? 'refused' : 'changes');
  return (
    <div data-testid="bulk-change">
      <Title extra={<Space wrap><Button icon={<DownloadOutlined />} href={address(`/register/bulk-changes/${id}/changes.xlsx`)}>{t('export_changes')}</Button><Link to="/bulk"><ArrowLeftOutlined /> {t('bulk')}</Link></Space>}>{batch.title} <StateTag state={batch.state} /></Title>
      <p style={{ marginTop: 0 }}><span className="label">{code('bulk_source', batch.source)} · {batch.area_name} · {batch.asked_by} · {instant(batch.asked_at)}</span></p>
      <div className="panel" style={{ marginBottom: 14 }}>
        <Space size={36} wrap>
          <Statistic title={t('lines_read')} value={batch.rows_read} /><Statistic title={t('lines_unchanged')} value={batch.rows_unchanged} />
          <Statistic title={t('lines_refused')} value={batch.rows_refused} {...(batch.rows_refused > 0 ? { valueStyle: { color: '#b8412f' } } : {})} /><Statistic title={t('changed_households')} value={batch.households} data-testid="households-changed" />
        </Space>
        {batch.fields.length > 0 && <div style={{ marginTop: 10 }}>{batch.fields.map((count, place) => <Tag key={`${count.member}${count.field}`}>{batch.titles[place] && of(batch.titles[place])} {whole(count.changes)}</Tag>)}</div>}
        {batch.unknown_columns.length > 0 && <Alert style={{ marginTop: 10 }} type="warning" showIcon title={t('unknown_columns', { names: batch.unknown_columns.join('、') })} />}
        {batch.households === 0 && batch.rows_refused === 0 && <Alert style={{ marginTop: 10 }} type="info" showIcon title={t('nothing_changes')} />}
        {batch.undoes && <p style={{ marginBottom: 0 }}>{t('bulk_undoes')} <Link to={`/bulk/${batch.undoes}`}>{batch.undoes.slice(-8)}</Link></p>}
        {batch.undone_by && <p style={{ marginBottom: 0 }}><Link to={`/bulk/${batch.undone_by}`}>{t('bulk_undone')}</Link></p>}
        <dl className="facts" style={{ marginTop: 10, marginBottom: 0 }}>
          {batch.reason && <><dt>{t('bulk_reason')}</dt><dd>{batch.reason}</dd></>}
          {batch.decision && <><dt>{t('decided_by')}</dt><dd>{batch.decision.by} · {instant(batch.decision.at)}{batch.decision.remark && ` · ${batch.decision.remark}`}</dd></>}
        </dl>
        <Steps batch={batch} />
      </div>
      <div className="panel">
        <Tabs activeKey={shown} onChange={setTab} items={[
          { key: 'changes', label: `${t('changes')} (${whole(batch.households)})`, children: <Changes batch={batch} /> },
          { key: 'refused', label: `${t('refused_rows')} (${whole(batch.rows_refused)})`, children: <Refused batch={batch} /> },
        ]} />
      </div>
    </div>
  );
}

/** Asking, deciding, withdrawing and undoing, as far as they are the caller's. */
function Steps({ batch }: { batch: BulkChange }) {
  const { t, problem } = useWords();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const go = useNavigate();
  const [remark, setRemark] = useState('');
  const [undoing, setUndoing] = useState(false);
  const [form] = Form.useForm<{ purpose?: PurposeCode; note?: string }>();
  const may = useMay();
  const refresh = () => Promise.all(['bulk', 'bulk-change', 'households', 'household', 'start'].map((key) => client.invalidateQueries({ queryKey: [key] })));
  const take = useMutation({
    mutationFn: (step: BulkStep) => api.bulkStep(batch, step, remark),
    onSuccess: () => { setRemark(''); message.success(t('saved')); return refresh(); },
    onError: (error) => { message.error(error instanceof Problem && error.code === 'version_conflict' ? t('conflict') : problem(error), 12); return refresh(); },
  });
  const undo = useMutation({
    mutationFn: (given: { purpose?: PurposeCode; note?: string }) => api.undoBulk(batch.id, needOf(given)),
    onSuccess: (made) => { setUndoing(false); go(`/bulk/${made.id}`); },
    onError: (error) => message.error(problem(error), 8),
  });
  const says = batch.steps.some((step) => step !== 'withdraw');
  const needsWords = (step: BulkStep) => step === 'ask' || step === 'refuse';
  const press = (step: BulkStep) => {
    if (step === 'approve') modal.confirm({ title: t('bulk_approve'), content: t('households_changed', { n: whole(batch.households) }), onOk: () => take.mutate(step) });
    else take.mutate(step);
  };
  return (
    <>
      {says && <Input.TextArea style={{ marginTop: 12 }} rows={2} maxLength={500} showCount value={remark} onChange={(event) => setRemark(event.target.value)} placeholder={batch.steps.includes('ask') ? t('bulk_reason') : t('bulk_remark')} data-testid="bulk-remark" />}
      {(batch.steps.length > 0 || batch.may_undo) && (
        <Space wrap style={{ marginTop: says ? 22 : 12 }}>
          {batch.steps.map((step) => (
            <Button key={step} type={step === 'ask' || step === 'approve' ? 'primary' : 'default'} danger={step === 'refuse'} disabled={needsWords(step) && !remark.trim()} loading={take.isPending && take.variables === step} onClick={() => press(step)} data-testid={`bulk-${step}`}>{t(`bulk_${step}`)}</Button>
          ))}
          {batch.may_undo && <Button onClick={() => setUndoing(true)} data-testid="bulk-undo">{t('bulk_undo')}</Button>}
        </Space>
      )}
      {batch.state === 'asked' && batch.steps.includes('withdraw') && may.includes('approve_bulk_change') && <p className="label" style={{ marginBottom: 0 }}>{t('bulk_waits_other')}</p>}
      <Modal open={undoing} title={t('bulk_undo')} onCancel={() => setUndoing(false)} onOk={() => form.submit()} okText={t('preview')} confirmLoading={undo.isPending}>
        <p>{t('bulk_undo_why')}</p>
        <Form form={form} layout="vertical" onFinish={(given) => undo.mutate(given)}>{batch.personal && <Purpose label={t('purpose')} required />}</Form>
      </Modal>
    </>
  );
}

function Pages({ offset, rows, total, turn }: { offset: number; rows: number; total: number; turn: (offset: number) => void }) {
  const { t } = useWords();
  return (
    <div className="pages">
      <span>{total > 0 ? t('rows_shown', { from: whole(offset + 1), to: whole(offset + rows), n: whole(total) }) : ''}</span>
      <Button size="small" disabled={offset === 0} onClick={() => turn(Math.max(0, offset - PAGE))}>{t('previous_page')}</Button>
      <Button size="small" disabled={offset + rows >= total} onClick={() => turn(offset + PAGE)}>{t('next_page')}</Button>
    </div>
  );
}

function Changes({ batch }: { batch: BulkChange }) {
  const { t, of } = useWords();
  const [offset, setOffset] = useState(0);
  const [field, setField] = useState<string>();
  const [typed, setTyped] = useState('');
  const [search, setSearch] = useState('');
  useEffect(() => { const wait = setTimeout(() => { setSearch(typed); setOffset(0); }, 300); return () => clearTimeout(wait); }, [typed]);
  const query = useQuery({ queryKey: ['bulk-change', batch.id, 'rows', offset, field, search], queryFn: () => api.bulkRows(batch.id, { offset, limit: PAGE, field, search }) });
  const value = (text: BulkEdit['before']) => (of(text) === '' ? <span className="label">{t('empty_value')}</span> : of(text));
  const lines = (query.data?.items ?? []).flatMap((row) => row.edits.map((edit, place) => ({ row, edit, first: place === 0, key: `${row.household}${edit.person ?? ''}${edit.field}` })));
  return (
    <>
      <div className="filters">
        <Input.Search allowClear style={{ width: 200 }} placeholder={t('search_number')} value={typed} onChange={(event) => setTyped(event.target.value)} />
        <Select allowClear style={{ width: 220 }} placeholder={t('all_fields')} value={field} onChange={(chosen) => { setField(chosen); setOffset(0); }} options={batch.fields.map((count, place) => ({ value: count.field, label: `${batch.titles[place] ? of(batch.titles[place]) : count.field} (${whole(count.changes)})` }))} />
      </div>
      {lines.length === 0 ? <Waiting query={query} /> : (
        <Table<{ row: BulkRow; edit: BulkEdit; first: boolean; key: string }>
          size="small" rowKey="key" dataSource={lines} pagination={false} scroll={{ x: 720 }}
          columns={[
            { title: t('register_number'), width: 130, render: (_, line) => line.first && <Link to={`/register/${line.row.household}`}>{line.row.register_number}</Link> },
            { title: t('address'), render: (_, line) => line.first && line.row.area_name },
            { title: t('field'), render: (_, line) => <>{line.edit.person_name && <b>{line.edit.person_name} </b>}{of(line.edit.title)}</> },
            { title: t('before'), render: (_, line) => <span className={of(line.edit.before) === '' ? '' : 'before'}>{value(line.edit.before)}</span> },
            { title: t('after'), render: (_, line) => <span className="after">{value(line.edit.after)}</span> },
          ]}
        />
      )}
      <Pages offset={offset} rows={query.data?.items.length ?? 0} total={query.data?.total ?? 0} turn={setOffset} />
    </>
  );
}

function Refused({ batch }: { batch: BulkChange }) {
  const { t, of } = useWords();
  const [offset, setOffset] = useState(0);
  const query = useQuery({ queryKey: ['bulk-change', batch.id, 'refused', offset], queryFn: () => api.bulkRefused(batch.id, { offset, limit: PAGE }) });
  const rows = query.data?.items ?? [];
  if (rows.length === 0) return <Waiting query={query} />;
  return (
    <>
      <Table<RefusedRow>
        size="small" rowKey={(row) => `${row.file}${row.row}${row.register_number}${row.column}`} dataSource={rows} pagination={false} scroll={{ x: 900 }}
        columns={[
          { title: t('row'), width: 70, render: (_, row) => (row.row > 0 ? row.row : '') },
          { title: t('file'), dataIndex: 'file', ellipsis: true },
          { title: t('register_number'), dataIndex: 'register_number', width: 130 },
          { title: t('column'), dataIndex: 'column' },
          { title: t('value'), dataIndex: 'value' },
          { title: t('stored_value'), render: (_, row) => row.stored ?? '' },
          { title: t('cause'), render: (_, row) => of(row.reason) },
          { title: t('remedy'), render: (_, row) => of(row.remedy) },
        ]}
      />
      <Pages offset={offset} rows={rows.length} total={query.data?.total ?? 0} turn={setOffset} />
    </>
  );
}
