// The ledger: its size and signed checkpoint, the newest entries, verification.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Input, Table, Typography } from 'antd';
import { Link } from 'react-router';
import { useState } from 'react';

import { api } from './api/client';
import type { LedgerEntry } from './api/types';
import { instant, useWords, whole } from './language';
import { Title, Waiting } from './parts';

export default function LedgerPage() {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [kind, setKind] = useState('');
  const [before, setBefore] = useState<number[]>([]);
  const page = useQuery({ queryKey: ['ledger'], queryFn: api.ledger });
  const entries = useQuery({ queryKey: ['entries', kind, before], queryFn: () => api.ledgerEntries({ kind, before: before.at(-1), limit: 50 }) });
  const verify = useMutation({ mutationFn: () => api.startJob('verify_ledger'), onSuccess: () => client.invalidateQueries({ queryKey: ['jobs'] }), onError: (error) => message.error(problem(error)) });
  if (!page.data) return <Waiting query={page} />;
  const last = entries.data?.at(-1);
  return (
    <div data-testid="ledger">
      <Title extra={<>{verify.isSuccess && <Link to="/jobs">{t('jobs')}</Link>}<Button type="primary" loading={verify.isPending} onClick={() => verify.mutate()}>{t('run_verify')}</Button></>}>{t('ledger')}</Title>
      <div className="grid">
        <div className="panel w4"><div className="label">{t('entries')}</div><div className="figure">{whole(page.data.entries)}</div><dl className="facts" style={{ marginTop: 12 }}><dt>{t('key')}</dt><dd>{page.data.checkpoint?.key_name ?? '—'}</dd><dt>{t('root')}</dt><dd style={{ wordBreak: 'break-all' }}>{page.data.checkpoint?.root ?? '—'}</dd></dl></div>
        <div className="panel w8"><h2>{t('checkpoint')} <span className="label">{t('copy_note')}</span></h2><Typography.Paragraph copyable={{ text: page.data.checkpoint?.note ?? '' }} style={{ margin: 0 }}><pre className="note">{page.data.checkpoint?.note}</pre></Typography.Paragraph></div>
        <div className="panel w12">
          <div className="filters"><Input.Search allowClear style={{ width: 240 }} placeholder="household, lookback_item, plan …" onSearch={(value) => { setBefore([]); setKind(value); }} /></div>
          <Table<LedgerEntry> size="small" rowKey="index" dataSource={entries.data ?? []} loading={entries.isPending} pagination={false} scroll={{ x: 900 }} columns={[
            { title: t('index'), dataIndex: 'index', align: 'right' },
            { title: t('time'), dataIndex: 'at', render: instant },
            { title: t('actor'), dataIndex: 'actor' },
            { title: t('command'), dataIndex: 'command' },
            { title: t('subject'), render: (_, entry) => (entry.kind === 'household' ? <Link to={`/register/${entry.subject}`}>{entry.kind} {entry.subject.slice(0, 13)}…</Link> : `${entry.kind} ${entry.subject.slice(0, 13)}`) },
            { title: t('version', { n: '' }), dataIndex: 'version', align: 'right' },
            { title: t('reason'), dataIndex: 'reason' },
          ]} />
          <div className="pages"><Button disabled={before.length === 0} onClick={() => setBefore(before.slice(0, -1))}>{t('previous_page')}</Button><Button disabled={!last || last.index === 0} onClick={() => last && setBefore([...before, last.index])}>{t('next_page')}</Button></div>
        </div>
      </div>
    </div>
  );
}
