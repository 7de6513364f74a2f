// Jobs: start, watch, cancel, read what came of them.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Progress, Space, Table, Tag } from 'antd';

import { api } from './api/client';
import type { Job, JobKind, SessionUser } from './api/types';
import { decimal, instant, percent, useWords, whole } from './language';
import { Title } from './parts';

const COLOUR = { running: 'processing', done: 'success', failed: 'error', cancelled: 'default' } as const;

export default function JobsPage() {
  const { t, code, of, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const jobs = useQuery({ queryKey: ['jobs'], queryFn: api.jobs, refetchInterval: (query) => (query.state.data?.some((job) => job.state === 'running') ? 1000 : false) });
  const start = useMutation({
    mutationFn: (kind: JobKind) => api.startJob(kind),
    onError: (error) => message.error(problem(error)),
    onSettled: () => client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' }),
  });
  const cancel = useMutation({ mutationFn: (id: string) => api.cancelJob(id), onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }) });
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const runs = me.data?.may.includes('run_analysis') ?? false;
  const running = jobs.data?.some((job) => job.state === 'running') ?? false;
  const button = (kind: JobKind, label: string) => <Button type="primary" ghost disabled={running} loading={start.isPending && start.variables === kind} onClick={() => start.mutate(kind)}>{label}</Button>;
  return (
    <div data-testid="jobs">
      <Title extra={runs && <Space wrap>{button('lookback', t('run_lookback'))}{button('land', t('run_land_job'))}{button('plan', t('run_plan'))}{button('verify_ledger', t('run_verify'))}</Space>}>{t('jobs')}</Title>
      <Table<Job> size="small" rowKey="id" dataSource={jobs.data ?? []} loading={jobs.isPending} locale={{ emptyText: t('no_jobs') }} scroll={{ x: 900 }} pagination={{ pageSize: 20, hideOnSinglePage: true }} columns={[
        { title: t('kind'), dataIndex: 'kind', render: (kind: string) => code('job_kind', kind) },
        { title: t('state'), width: 240, render: (_, job) => (job.state === 'running' ? <div><Progress percent={Math.round((job.progress ?? 0) * 100)} size="small" />{job.step && <span className="label">{of(job.step)}</span>}</div> : <Tag color={COLOUR[job.state]}>{code('job_state', job.state)}</Tag>) },
        { title: t('started'), dataIndex: 'started_at', render: instant },
        { title: t('finished'), dataIndex: 'finished_at', render: (at: string | null) => (at ? instant(at) : '') },
        { title: t('requested_by'), dataIndex: 'requested_by' },
        { title: t('result'), render: (_, job) => <Result job={job} /> },
        { title: '', render: (_, job) => (job.state === 'running' && runs ? <Button size="small" danger onClick={() => cancel.mutate(job.id)}>{t('cancel')}</Button> : null) },
      ]} />
    </div>
  );
}

export function Result({ job }: { job: Job }) {
  const { t } = useWords();
  if (job.error) return <span style={{ color: '#b8412f' }}>{job.error}</span>;
  const result = job.result as Record<string, never> | null;
  if (!result) return null;
  switch (job.kind) {
    case 'lookback': return <>{whole(result['items'])} {t('items')}</>;
    case 'land': return <>{whole(result['candidates'])} {t('candidates')} · {t('excluded')} {percent(result['excluded_share'])}</>;
    case 'identification': return <>{t('batch_done', { n: whole(result['done']) })}{result['refused'] > 0 && <> · {t('batch_refused', { n: whole(result['refused']) })}</>}</>;
    case 'plan': { const totals = result['totals'] as { households_placed: number; gap: number }; return <>{whole(totals.households_placed)} {t('placed')} · {t('gap')} {decimal(totals.gap * 100, 2)} %</>; }
    case 'verify_ledger': { const bad = (result['problems'] as unknown[]).length; return bad === 0 ? <Tag color="success">{t('verified_ok', { entries: whole(result['entries']), rows: whole(result['rows']) })}</Tag> : <Tag color="error">{t('verified_bad', { n: bad })}</Tag>; }
  }
}
