// The ledger: its size and signed checkpoint, the newest entries with the proof of each, verification.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Drawer, Input, Table, Tag, Typography } from 'antd';
import { Link } from 'react-router';
import { useState } from 'react';

import { api } from './api/client';
import type { LedgerEntry } from './api/types';
import { instant, useWords, whole } from './language';
import { Title, Waiting } from './parts';

/** Hands a text to the browser as a file. */
function download(name: string, text: string) {
  const address = URL.createObjectURL(new Blob([text]));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
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
      <dl className="facts" style={{ wordBreak: 'break-all' }}>
        <dt>{t('leaf_text')}</dt><dd><code>{leaf}</code></dd>
        <dt>{t('leaf_hash')}</dt><dd><code>{leaf_hash}</code></dd>
        <dt>{t('proof_path', { n: path.length })}</dt><dd>{path.map((hash) => <div key={hash}><code>{hash}</code></div>)}</dd>
        <dt>{t('root')}</dt><dd><code>{checkpoint.root}</code></dd>
        <dt>{t('covers')}</dt><dd>{whole(checkpoint.size)}</dd>
        <dt>{t('public_key')}</dt><dd><code>{checkpoint.verifying_key}</code></dd>
      </dl>
      <pre className="note">{checkpoint.note}</pre>
      <Button type="primary" onClick={() => download(`proof-${index}.json`, `${JSON.stringify(proof.data, null, 2)}\n`)}>{t('download_proof')}</Button>
    </div>
  );
}

export default function LedgerPage() {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [kind, setKind] = useState('');
  const [before, setBefore] = useState<number[]>([]);
  const [proved, setProved] = useState<number>();
  const page = useQuery({ queryKey: ['ledger'], queryFn: api.ledger });
  const entries = useQuery({ queryKey: ['entries', kind, before], queryFn: () => api.ledgerEntries({ kind, before: before.at(-1), limit: 50 }) });
  const verify = useMutation({ mutationFn: () => api.startJob('verify_ledger'), onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }), onError: (error) => message.error(problem(error)) });
  if (!page.data) return <Waiting query={page} />;
  const last = entries.data?.at(-1);
  const { checkpoint } = page.data;
  return (
    <div data-testid="ledger">
      <Title extra={<>{verify.isSuccess && <Link to="/jobs">{t('jobs')}</Link>}<Button type="primary" loading={verify.isPending} onClick={() => verify.mutate()}>{t('run_verify')}</Button></>}>{t('ledger')}</Title>
      <div className="grid">
        <div className="panel w4"><div className="label">{t('entries')}</div><div className="figure">{whole(page.data.entries)}</div><dl className="facts" style={{ marginTop: 12 }}><dt>{t('key')}</dt><dd>{checkpoint?.key_name ?? '—'}</dd><dt>{t('root')}</dt><dd style={{ wordBreak: 'break-all' }}>{checkpoint?.root ?? '—'}</dd></dl></div>
        <div className="panel w8"><h2>{t('checkpoint')} <span className="label">{t('copy_note')}</span></h2><Typography.Paragraph copyable={{ text: checkpoint?.note ?? '' }} style={{ margin: 0 }}><pre className="note">{checkpoint?.note}</pre></Typography.Paragraph>{checkpoint && <Button style={{ marginTop: 8 }} onClick={() => download(`${checkpoint.key_name}-${checkpoint.size}.note`, checkpoint.note)}>{t('download_checkpoint')}</Button>}</div>
        <div className="panel w12">
          <div className="filters"><Input.Search allowClear style={{ width: 240 }} placeholder="household, lookback_item, plan …" onSearch={(value) => { setBefore([]); setKind(value); }} /></div>
          <Table<LedgerEntry> size="small" rowKey="index" dataSource={entries.data ?? []} loading={entries.isPending} pagination={false} scroll={{ x: 900 }} columns={[
            { title: t('index'), dataIndex: 'index', align: 'right' },
            { title: t('time'), dataIndex: 'at', render: instant },
            { title: t('actor'), dataIndex: 'actor' },
            { title: t('command'), dataIndex: 'command' },
            { title: t('subject'), render: (_, entry) => (entry.kind === 'household' ? <Link to={`/register/${entry.subject}`}>{entry.kind} {entry.subject.slice(0, 13)}…</Link> : `${entry.kind} ${entry.subject.slice(0, 13)}`) },
            { title: t('version', { n: '' }), dataIndex: 'version', align: 'right' },
            { title: t('reason'), dataIndex: 'reason', render: (reason: string | null, entry) => <>{reason}{entry.erased && <Tag>{t('erased_content')}</Tag>}</> },
            { key: 'proof', render: (_, entry) => <Button type="link" size="small" onClick={() => setProved(entry.index)}>{t('show_proof')}</Button> },
          ]} />
          <div className="pages"><Button disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>{t('previous_page')}</Button><Button disabled={!last || last.index === 0} onClick={() => last && setBefore([...before, last.index])}>{t('next_page')}</Button></div>
        </div>
      </div>
      <Drawer open={proved !== undefined} onClose={() => setProved(undefined)} size={640} title={proved !== undefined && t('entry_proof', { n: proved })}>
        {proved !== undefined && <Proof index={proved} />}
      </Drawer>
    </div>
  );
}
