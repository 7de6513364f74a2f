// The ledger: its entries with filters, one entry with what it changed, signed checkpoints, proofs, verification.

import { ArrowLeftOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Descriptions, Drawer, Form, Input, Modal, Select, Space, Table, Tabs, Tag, TreeSelect, Typography } from 'antd';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';

import { api } from './api/client';
import type { Checkpoint, Erasure, ErasureOrder, ErasureStep, LedgerEntry } from './api/types';
import { instant, useWords, whole } from './language';
import { areaTree, Day, Title, Waiting } from './parts';
import { useFilters } from './query';
import { commands, kinds } from './texts/ledger';

/** Hands a text to the browser as a file. */
function download(name: string, text: string) {
  const address = URL.createObjectURL(new Blob([text]));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** The names that readers know, and the codes of what has none. */
function useNames() {
  const { language } = useWords();
  return {
    kind: (code: string) => kinds[code]?.[language] ?? code,
    command: (code: string) => commands[code]?.[language] ?? code,
  };
}

/** The proof of one entry: leaf, path and the signed root that it leads to. */
function Proof({ index }: { index: number }) {
  const { t } = useWords();
  const proof = useQuery({ queryKey: ['proof', index], queryFn: () => api.proof(index) });
  if (!proof.data) return <Waiting query={proof} />;
  const { leaf, leaf_hash, proof: path, checkpoint } = proof.data;
  return (
    <div data-testid="proof">
      <p>{t('proof_note')}</p>
      <dl className="facts hashes">
        <dt>{t('leaf_text')}</dt><dd><code>{leaf}</code></dd>
        <dt>{t('leaf_hash')}</dt><dd><code>{leaf_hash}</code></dd>
        <dt>{t('proof_path', { n: path.length })}</dt><dd>{path.map((hash) => <div key={hash}><code>{hash}</code></div>)}</dd>
        <dt>{t('root')}</dt><dd><code>{checkpoint.root}</code></dd>
        <dt>{t('covers')}</dt><dd>{whole(checkpoint.size)}</dd>
        <dt>{t('public_key')}</dt><dd><code>{checkpoint.verifying_key}</code></dd>
      </dl>
      <pre className="note">{checkpoint.note}</pre>
      <Button type="primary" style={{ marginTop: 12 }} onClick={() => download(`proof-${index}.json`, asJson(proof.data))}>{t('download_proof')}</Button>
    </div>
  );
}

export default function LedgerPage() {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const page = useQuery({ queryKey: ['ledger'], queryFn: api.ledger });
  const verify = useMutation({ mutationFn: () => api.startJob('verify_ledger'), onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }), onError: (error) => message.error(problem(error)) });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  if (!page.data) return <Waiting query={page} />;
  const { checkpoint } = page.data;
  const run = session.data?.may.includes('run_analysis') === true && <Button type="primary" loading={verify.isPending} onClick={() => verify.mutate()}>{t('run_verify')}</Button>;
  return (
    <div data-testid="ledger">
      <Title extra={<Space>{verify.isSuccess && <Link to="/jobs">{t('jobs')}</Link>}{run}</Space>}>{t('ledger')}</Title>
      <div className="grid">
        <div className="panel w4">
          <div className="label">{t('entries')}</div>
          <div className="figure">{whole(page.data.entries)}</div>
          <dl className="facts" style={{ marginTop: 12 }}>
            <dt>{t('key')}</dt><dd>{checkpoint?.key_name ?? '—'}</dd>
            <dt>{t('root')}</dt><dd style={{ wordBreak: 'break-all' }}>{checkpoint?.root ?? '—'}</dd>
          </dl>
        </div>
        <div className="panel w8">
          <h2>{t('checkpoint')} <span className="label">{t('copy_note')}</span></h2>
          <pre className="note">{checkpoint?.note}</pre>
          {checkpoint && <Space style={{ marginTop: 8 }}><Button onClick={() => download(`${checkpoint.key_name}-${checkpoint.size}.note`, checkpoint.note)}>{t('download_checkpoint')}</Button><Typography.Text copyable={{ text: checkpoint.note }} /></Space>}
          <Keeping />
        </div>
        <div className="panel w12">
          <Tabs
            activeKey={filters.tab ?? 'entries'}
            onChange={(tab) => set({ tab: tab === 'entries' ? null : tab })}
            items={[
              { key: 'entries', label: t('explore'), children: <Entries kindsKnown={page.data.kinds} /> },
              { key: 'checkpoints', label: t('checkpoints'), children: <Checkpoints /> },
              { key: 'erasures', label: t('erasures'), children: <Erasures /> },
            ]}
          />
        </div>
      </div>
    </div>
  );
}

/** Whether checkpoints are kept where the database's administrator cannot reach them. */
function Keeping() {
  const { t, of } = useWords();
  const keeping = useQuery({ queryKey: ['keeping'], queryFn: api.keeping });
  if (keeping.data === undefined) return null;
  if (keeping.data === null) return <p className="label" style={{ margin: '10px 0 0' }}>{t('keeping_off')}</p>;
  const { folder, minutes, last } = keeping.data;
  return (
    <div style={{ marginTop: 10 }}>
      <span className="label">{t('kept_elsewhere')}: {t('keeping_on', { minutes, folder })} · {last === null ? t('kept_not_yet') : last.problem === null && t('kept_last', { time: instant(last.at), size: whole(last.size ?? 0) })}</span>
      {last !== null && last.problem !== null && <Alert type="error" showIcon title={t('kept_problem', { time: instant(last.at), problem: of(last.problem) })} style={{ marginTop: 6 }} />}
    </div>
  );
}

const FILTERS = ['kind', 'subject', 'actor', 'command', 'area', 'since', 'until'] as const;

function Entries({ kindsKnown }: { kindsKnown: string[] }) {
  const { t } = useWords();
  const names = useNames();
  const { filters, set } = useFilters();
  const [before, setBefore] = useState<number[]>([]);
  const [proved, setProved] = useState<number>();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, filters[name]]));
  const entries = useQuery({ queryKey: ['entries', wanted, before], queryFn: () => api.ledgerEntries({ ...wanted, before: before.at(-1), limit: 50 }) });
  const filter = (changes: Record<string, string | null | undefined>) => { setBefore([]); set(changes); };
  const last = entries.data?.at(-1);
  const any = FILTERS.some((name) => filters[name] !== undefined);
  return (
    <>
      <div className="filters">
        <Select allowClear showSearch={{ optionFilterProp: 'label' }} style={{ width: 140 }} placeholder={t('all_kinds')} value={filters.kind ?? null} onChange={(kind: string | null) => filter({ kind })} options={kindsKnown.map((code) => ({ value: code, label: names.kind(code) }))} data-testid="kind" />
        <Select allowClear showSearch={{ optionFilterProp: 'label' }} style={{ width: 140 }} placeholder={t('by_command')} value={filters.command ?? null} onChange={(command: string | null) => filter({ command })} options={Object.keys(commands).map((code) => ({ value: code, label: names.command(code) }))} />
        <Input.Search allowClear style={{ width: 130 }} placeholder={t('actor')} defaultValue={filters.actor ?? ''} onSearch={(actor) => filter({ actor })} />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 140 }} placeholder={t('area')} value={filters.area ?? null} onChange={(area: string | null) => filter({ area })} treeData={areaTree(areas.data ?? [])} />
        <Space size={4}>
          <Day width={136} placeholder={t('day_from')} value={filters.since} onChange={(since) => filter({ since })} />
          –
          <Day width={136} placeholder={t('day_to')} value={filters.until} onChange={(until) => filter({ until })} />
        </Space>
        <Input.Search allowClear style={{ width: 180 }} placeholder={t('subject_id')} defaultValue={filters.subject ?? ''} onSearch={(subject) => filter({ subject })} />
        {any && <Button type="link" onClick={() => filter(Object.fromEntries(FILTERS.map((name) => [name, null])))}>{t('clear_filters')}</Button>}
      </div>
      {entries.error ? <Waiting query={entries} /> : (
        <Table<LedgerEntry> size="small" rowKey="index" dataSource={entries.data ?? []} loading={entries.isPending} pagination={false} scroll={{ x: 980 }} locale={{ emptyText: t('no_entries') }} columns={[
          { title: t('index'), dataIndex: 'index', align: 'right', width: 90, render: (index: number) => <Link to={`/ledger/entries/${index}`} data-testid="entry">{whole(index)}</Link> },
          { title: t('time'), dataIndex: 'at', width: 150, render: instant },
          { title: t('actor'), dataIndex: 'actor' },
          { title: t('command'), dataIndex: 'command', render: names.command },
          { title: t('subject_kind'), dataIndex: 'kind', render: names.kind },
          { title: t('subject'), render: (_, entry) => <Subject entry={entry} /> },
          { title: t('version_number'), dataIndex: 'version', align: 'right', width: 80 },
          { title: t('reason'), dataIndex: 'reason', ellipsis: true, render: (reason: string | null, entry) => <>{entry.erased && <Tag>{t('erased_content')}</Tag>}{reason}</> },
          { key: 'proof', width: 80, render: (_, entry) => <Button type="link" size="small" onClick={() => setProved(entry.index)}>{t('show_proof')}</Button> },
        ]} />
      )}
      <div className="pages"><Button disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>{t('previous_page')}</Button><Button disabled={!last || last.index === 0 || (entries.data?.length ?? 0) < 50} onClick={() => last && setBefore([...before, last.index])}>{t('next_page')}</Button></div>
      <Drawer open={proved !== undefined} onClose={() => setProved(undefined)} size={640} title={proved !== undefined && t('entry_proof', { n: proved })}>
        {proved !== undefined && <Proof index={proved} />}
      </Drawer>
    </>
  );
}

/** What an entry is of: a link to its page where it has one, else the way to all that was done to it. */
function Subject({ entry }: { entry: LedgerEntry }) {
  const shown = entry.subject.length > 13 ? `${entry.subject.slice(0, 13)}…` : entry.subject;
  if (entry.kind === 'household') return <Link to={`/register/${entry.subject}`} title={entry.subject}>{shown}</Link>;
  return <Link to={`/ledger?kind=${encodeURIComponent(entry.kind)}&subject=${encodeURIComponent(entry.subject)}`} title={entry.subject}>{shown}</Link>;
}

/** The household that an entry of another kind is of: whose case was decided, whose data was looked at. */
function householdOf({ kind, state }: { kind: string; state?: unknown }): string | null {
  const named = kind !== 'household' && typeof state === 'object' && state !== null && 'household' in state ? state.household : null;
  return typeof named === 'string' ? named : null;
}

/** One entry: what it changed, masked, and its proof. */
export function EntryPage() {
  const { t } = useWords();
  const names = useNames();
  const go = useNavigate();
  const index = Number(useParams().index);
  const entry = useQuery({ queryKey: ['entry', index], queryFn: () => api.ledgerEntry(index) });
  if (!entry.data) return <Waiting query={entry} />;
  const shown = entry.data;
  const household = householdOf(shown);
  const note = shown.erased
    ? shown.state === null && <Alert type="warning" showIcon title={t('entry_erased')} action={shown.erased_by !== null && <Link to={`/ledger/entries/${shown.erased_by}`}>{t('erased_in')}</Link>} />
    : shown.too_large ? <Alert type="info" showIcon title={t('entry_too_large')} />
      : shown.state === null ? <Alert type="info" showIcon title={t('entry_retired')} />
        : shown.changed.length === 0 && <p className="label" style={{ margin: 0 }}>{t(shown.previous === null ? 'entry_first' : 'entry_same')}</p>;
  return (
    <div data-testid="entry-page">
      <Title extra={<Space wrap>
        <Button disabled={shown.previous === null} onClick={() => go(`/ledger/entries/${shown.previous}`)}>{t('previous_version')}</Button>
        <Button disabled={shown.next === null} onClick={() => go(`/ledger/entries/${shown.next}`)}>{t('next_version')}</Button>
        {shown.may_ask_erasure && <AskErasure index={index} />}
        <Link to="/ledger"><ArrowLeftOutlined /> {t('ledger')}</Link>
      </Space>}>{t('entry', { n: whole(index) })}</Title>
      <div className="grid">
        <div className="panel w12">
          <Descriptions size="small" column={{ xs: 1, sm: 2, lg: 3 }} items={[
            { key: 'at', label: t('time'), children: instant(shown.at) },
            { key: 'actor', label: t('actor'), children: shown.actor },
            { key: 'command', label: t('command'), children: names.command(shown.command) },
            { key: 'kind', label: t('subject_kind'), children: names.kind(shown.kind) },
            { key: 'subject', label: t('subject'), children: <Subject entry={shown} /> },
            { key: 'version', label: t('version_number'), children: shown.version },
            { key: 'area', label: t('area'), children: shown.area ?? '—' },
            { key: 'reason', label: t('reason'), children: shown.reason ?? '—' },
            ...(household === null ? [] : [{ key: 'household', label: names.kind('household'), children: <Link to={`/register/${household}`}>{t('open_household')}</Link> }]),
          ]} />
        </div>
        <div className="panel w12">
          <h2>{t('entry_what')}</h2>
          {note}
          {shown.changed.length > 0 && (
            <Table size="small" rowKey="field" pagination={false} dataSource={shown.changed} scroll={{ x: 560 }} columns={[
              { title: t('field'), dataIndex: 'field', render: (field: string) => <code>{field}</code> },
              { title: t('before'), dataIndex: 'before', render: (text: string | null) => (text === null ? '—' : <del>{text}</del>) },
              { title: t('after'), dataIndex: 'after', render: (text: string | null) => text ?? '—' },
            ]} />
          )}
        </div>
        {shown.state !== null && <div className="panel w12"><h2>{t('state_masked')}</h2><pre className="note">{JSON.stringify(shown.state, null, 2)}</pre></div>}
        <div className="panel w12"><h2>{t('proof_of_entry')}</h2><Proof index={index} /></div>
      </div>
    </div>
  );
}

/** Asks for the erasure of an entry's content, which another person carries out. */
function AskErasure({ index }: { index: number }) {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const ask = useMutation({
    mutationFn: (order: ErasureOrder) => api.askErasure(index, order),
    onSuccess: () => { setOpen(false); void message.success(t('erasure_now_waits')); return client.invalidateQueries({ queryKey: ['erasures'] }); },
    onError: (error) => message.error(problem(error)),
  });
  return (
    <>
      <Button danger onClick={() => setOpen(true)} data-testid="ask-erasure">{t('ask_erasure')}</Button>
      <Modal open={open} onCancel={() => setOpen(false)} title={t('ask_erasure_of', { n: whole(index) })} footer={null} destroyOnHidden>
        <p className="label">{t('ask_erasure_why')}</p>
        <Form layout="vertical" onFinish={(order: ErasureOrder) => ask.mutate(order)}>
          <Form.Item name="document" label={t('legal_order')} rules={[{ required: true, whitespace: true, max: 500 }]}><Input /></Form.Item>
          <Form.Item name="reason" label={t('reason')} rules={[{ required: true, whitespace: true, max: 500 }]}><Input.TextArea rows={3} /></Form.Item>
          <Button type="primary" danger htmlType="submit" loading={ask.isPending}>{t('ask_erasure')}</Button>
        </Form>
      </Modal>
    </>
  );
}

const ERASURE_STATES = ['asked', 'carried_out', 'refused', 'withdrawn'] as const;

/** Erasures on legal order: what waits for another person, and what became of the others. */
function Erasures() {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const names = useNames();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const [after, setAfter] = useState<string[]>([]);
  const [taking, setTaking] = useState<{ erasure: Erasure; step: ErasureStep }>();
  const list = useQuery({ queryKey: ['erasures', filters.state, after], queryFn: () => api.erasures({ state: filters.state, after: after.at(-1) }) });
  const take = useMutation({
    mutationFn: ({ erasure, step, remark }: { erasure: Erasure; step: ErasureStep; remark: string }) => api.takeErasureStep(erasure, step, remark),
    onSuccess: async () => { setTaking(undefined); await client.invalidateQueries(); },
    onError: (error) => message.error(problem(error)),
  });
  if (!list.data) return <Waiting query={list} />;
  const { items, next } = list.data;
  return (
    <div data-testid="erasures">
      <div className="filters">
        <Select allowClear style={{ width: 160 }} placeholder={t('any_state')} value={filters.state ?? null} onChange={(state: string | null) => { setAfter([]); set({ state }); }} options={ERASURE_STATES.map((state) => ({ value: state, label: t(`erasure_${state}`) }))} />
        <span className="label">{t('erasures_why')}</span>
      </div>
      <Table<Erasure> size="small" rowKey="entry" dataSource={items} pagination={false} scroll={{ x: 980 }} locale={{ emptyText: t('no_erasures') }} columns={[
        { title: t('index'), dataIndex: 'entry', align: 'right', width: 90, render: (entry: number) => <Link to={`/ledger/entries/${entry}`}>{whole(entry)}</Link> },
        { title: t('subject_kind'), dataIndex: 'kind', render: (kind: string | null) => (kind === null ? '—' : names.kind(kind)) },
        { title: t('legal_order'), dataIndex: 'document' },
        { title: t('reason'), dataIndex: 'reason' },
        { title: t('asked_by'), render: (_, row) => <>{row.asked_by ?? '—'}{row.asked_at && <div className="label">{instant(row.asked_at)}</div>}</> },
        { title: t('state'), dataIndex: 'state', render: (state: Erasure['state']) => (state === undefined ? null : <Tag>{t(`erasure_${state}`)}</Tag>) },
        { title: t('decided_by'), render: (_, row) => row.decision && <>{row.decision.by}<div className="label">{instant(row.decision.at)}</div>{row.decision.remark}</> },
        { key: 'steps', width: 190, render: (_, row) => <Space size={4}>{row.steps.map((step) => <Button key={step} size="small" danger={step === 'carry_out'} onClick={() => setTaking({ erasure: row, step })} data-testid={`erasure-${step}`}>{t(`erasure_step_${step}`)}</Button>)}</Space> },
      ]} />
      <div className="pages"><Button disabled={after.length === 0} onClick={() => setAfter(after.slice(0, -1))}>{t('previous_page')}</Button><Button disabled={!next} onClick={() => next && setAfter([...after, next])}>{t('next_page')}</Button></div>
      <Modal open={taking !== undefined} onCancel={() => setTaking(undefined)} title={taking && `${t(`erasure_step_${taking.step}`)} · ${t('entry', { n: whole(taking.erasure.entry) })}`} footer={null} destroyOnHidden>
        {taking && (
          <Form layout="vertical" onFinish={({ remark }: { remark?: string }) => take.mutate({ ...taking, remark: remark ?? '' })}>
            {taking.step === 'carry_out' && <Alert type="warning" showIcon title={t('erasure_final')} style={{ marginBottom: 12 }} />}
            {taking.step !== 'withdraw' && <Form.Item name="remark" label={t('remark')} rules={[{ required: taking.step === 'refuse', whitespace: true, max: 500 }]}><Input.TextArea rows={3} /></Form.Item>}
            <Button type="primary" danger={taking.step === 'carry_out'} htmlType="submit" loading={take.isPending}>{t(`erasure_step_${taking.step}`)}</Button>
          </Form>
        )}
      </Modal>
    </div>
  );
}

/** The signed checkpoints, and the proof that one extends another. */
function Checkpoints() {
  const { t } = useWords();
  const [before, setBefore] = useState<number[]>([]);
  const [chosen, setChosen] = useState<number[]>([]);
  const list = useQuery({ queryKey: ['checkpoints', before], queryFn: () => api.checkpoints({ before: before.at(-1), limit: 50 }) });
  const [from, to] = [...chosen].sort((a, b) => a - b);
  const last = list.data?.at(-1);
  if (!list.data) return <Waiting query={list} />;
  return (
    <div data-testid="checkpoints">
      <div className="filters">
        <Button disabled={list.data.length === 0} onClick={() => download('checkpoints.json', asJson(list.data))}>{t('download_these')}</Button>
        <span className="label">{t('compare_two')}</span>
      </div>
      {from !== undefined && to !== undefined && <Growth from={from} to={to} />}
      <Table<Checkpoint> size="small" rowKey="size" dataSource={list.data} pagination={false} scroll={{ x: 860 }}
        rowSelection={{ selectedRowKeys: chosen, hideSelectAll: true, preserveSelectedRowKeys: true, onChange: (keys) => setChosen(keys.map(Number).slice(-2)) }}
        expandable={{ expandedRowRender: (row) => <pre className="note">{row.note}</pre> }}
        columns={[
          { title: t('covers_entries'), dataIndex: 'size', align: 'right', width: 120, render: whole },
          { title: t('added_entries'), align: 'right', width: 100, render: (_, row) => `+${whole(row.size - row.previous)}` },
          { title: t('root'), dataIndex: 'root', render: (root: string) => <code style={{ wordBreak: 'break-all' }}>{root}</code> },
          { key: 'note', width: 130, render: (_, row) => <Button type="link" size="small" onClick={() => download(`${row.key_name}-${row.size}.note`, row.note)}>{t('download_checkpoint')}</Button> },
        ]} />
      <div className="pages"><Button disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>{t('previous_page')}</Button><Button disabled={!last || last.previous === 0} onClick={() => last && setBefore([...before, last.size])}>{t('next_page')}</Button></div>
    </div>
  );
}

function Growth({ from, to }: { from: number; to: number }) {
  const { t } = useWords();
  const grown = useQuery({ queryKey: ['consistency', from, to], queryFn: () => api.consistency(from, to) });
  if (!grown.data) return <Waiting query={grown} />;
  return (
    <Alert
      type="success"
      showIcon
      style={{ marginBottom: 10, background: '#eff7f2', borderColor: '#b9d8c8' }}
      data-testid="growth"
      title={t('consistent', { from: whole(from), to: whole(to) })}
      description={<><div>{t('consistency_why')}</div><div className="label">{t('proof_path', { n: grown.data.proof.length })}</div></>}
      action={<Button size="small" onClick={() => download(`consistency-${from}-${to}.json`, asJson(grown.data))}>{t('download_consistency')}</Button>}
    />
  );
}
