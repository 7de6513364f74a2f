// The review desk: what waits at which step, steps taken one by one, by selection or for all that match a filter.

import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Checkbox, Drawer, Form, Input, InputNumber, Modal, Progress, Select, Space, Table, Tag, Timeline, TreeSelect } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router';

import { api } from './api/client';
import type { CasesOpening, IdentificationCase, IdentificationStep, Job, StepTaking, TakenStep, Text, Vote } from './api/types';
import { filled, today, useCommand, useOutcome } from './command';
import { instant, useWords, whole } from './language';
import { Day, Title, Waiting, areaTree } from './parts';
import { useFilters } from './query';

/** Steps that a notice passes. */
const BY_NOTICE: IdentificationStep[] = ['village_publicity', 'township_publicity', 'county_publicity', 'announcement'];
const VOTED: IdentificationStep[] = ['group_review', 'village_review'];
const ENDS: IdentificationStep[] = ['announced', 'refused', 'withdrawn'];
/** Households from which a batch runs as a job, with its progress. */
const LARGE = 300;

export default function IdentificationPage() {
  const { t, code } = useWords();
  const { filters, set } = useFilters();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const desk = useQuery({ queryKey: ['identification', filters.area], queryFn: () => api.identification({ area: filters.area }) });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  const [opening, setOpening] = useState(false);
  const step = (filters.step ?? desk.data?.steps.find((count) => count.mine && count.cases > 0)?.step ?? 'group_review') as IdentificationStep;
  return (
    <div data-testid="identification">
      <Title extra={<><TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area: string | undefined) => set({ area })} />{session.data?.may.includes('review_in_village') && <Button type="primary" data-testid="open-cases" disabled={!desk.data || desk.data.without_case === 0} onClick={() => setOpening(true)}>{t('open_cases')}</Button>}</>}>{t('identification')}</Title>
      <div className="panel" style={{ marginBottom: 12 }}>
        <Space wrap size={[8, 8]}>
          <Tag style={{ padding: '2px 10px' }}>{t('desk_without_case')} <b>{whole(desk.data?.without_case ?? 0)}</b></Tag>
          {desk.data?.steps.map((count) => (
            <Tag.CheckableTag key={count.step} data-testid={`step-${count.step}`} checked={step === count.step} onChange={() => set({ step: count.step })} style={{ border: `1px solid ${count.mine ? '#1f6f5c' : '#dfe5df'}`, padding: '2px 10px' }}>
              {code('identification_step', count.step)} <b>{whole(count.cases)}</b>
              {count.late > 0 && <span className={step === count.step ? '' : 'late'}> · {t('late')} {whole(count.late)}</span>}
              {count.suspended > 0 && <span> · {t('suspended')} {whole(count.suspended)}</span>}
            </Tag.CheckableTag>
          ))}
        </Space>
      </div>
      <Cases key={`${step} ${filters.area} ${filters.category} ${filters.search} ${filters.late}`} step={step} mine={desk.data?.steps.find((count) => count.step === step)?.mine ?? false} />
      {opening && <OpenCases title={t('open_cases')} why={t('open_cases_why')} households={{ area: filters.area ?? null }} close={() => setOpening(false)} />}
    </div>
  );
}

/** How and when the households applied: all of the desk's area, or those picked in the register. */
export function OpenCases({ title, why, households, close }: { title: string; why?: string; households: Pick<CasesOpening, 'area' | 'category' | 'households'>; close: () => void }) {
  const { t, options } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<Omit<CasesOpening, 'area' | 'households'>>();
  const [sending, setSending] = useState(false);
  const submit = async () => {
    const values = await filled(form);
    if (!values) return;
    setSending(true);
    const opened = await run(() => api.openCases({ ...households, ...values }));
    setSending(false);
    if (opened) close();
  };
  return (
    <Modal open title={title} okText={t('open_cases')} confirmLoading={sending} onOk={submit} onCancel={close}>
      {why && <p className="label">{why}</p>}
      <Form form={form} layout="vertical" initialValues={{ form: why && 'visit', date: today() }}>
        {why && <Form.Item name="category" label={t('category')}><Select allowClear options={options('category')} placeholder={t('all')} /></Form.Item>}
        <Form.Item name="form" label={t('application_form')} rules={[{ required: true }]}><Select options={options('application_form')} /></Form.Item>
        <Form.Item name="date" label={t('application_date')} rules={[{ required: true }]}><Day max={today()} /></Form.Item>
        <Form.Item noStyle shouldUpdate>{() => form.getFieldValue('form') === 'oral' && <Form.Item name="witness" label={t('witness')} rules={[{ required: true, whitespace: true }]}><Input maxLength={50} /></Form.Item>}</Form.Item>
        <Form.Item name="reference" label={t('application_reference')}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** Cases that a step is to be taken with: these, or all that match the filter. */
type Chosen = { cases: IdentificationCase[] } | { matching: number };

function Cases({ step, mine }: { step: IdentificationStep; mine: boolean }) {
  const { t, code, options } = useWords();
  const { filters, set } = useFilters();
  const [trail, setTrail] = useState<string[]>([]);
  const [selected, setSelected] = useState<IdentificationCase[]>([]);
  const [matching, setMatching] = useState(false);
  const [cursor, setCursor] = useState(0);
  const [shown, setShown] = useState<string | null>(null);
  const [taking, setTaking] = useState<{ what: StepTaking['what']; chosen: Chosen } | null>(null);
  const { area, category, search } = filters;
  const late = filters.late === 'true';
  const query = useQuery({ queryKey: ['cases', step, area, category, search, late, trail.at(-1)], queryFn: ({ signal }) => api.cases({ step, area, category, search, late: late || undefined, after: trail.at(-1), limit: 50 }, signal), placeholderData: keepPreviousData });
  const cases = query.data?.items ?? [];
  const total = query.data?.total ?? 0;
  const open = mine && !ENDS.includes(step);
  const passes = open && !BY_NOTICE.includes(step);
  const some = matching || selected.length > 0;
  const none = useCallback(() => { setSelected([]); setMatching(false); }, []);
  const start = (what: StepTaking['what']) => setTaking({ what, chosen: matching ? { matching: total } : { cases: selected.map((one) => cases.find((fresh) => fresh.id === one.id) ?? one) } });
  const startOne = (what: StepTaking['what'], one: IdentificationCase) => setTaking({ what, chosen: { cases: [one] } });
  const toggle = (row: IdentificationCase) => { setMatching(false); setSelected((before) => (before.some((one) => one.id === row.id) ? before.filter((one) => one.id !== row.id) : [...before, row])); };
  const busy = taking !== null;
  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const at = event.target as HTMLElement;
      if (busy || event.ctrlKey || event.metaKey || event.altKey || at.closest('input:not([type=checkbox]), textarea, .ant-select, .ant-modal')) return;
      const row = cases[cursor];
      if (event.key === 'j') setCursor(Math.min(cursor + 1, cases.length - 1));
      else if (event.key === 'k') setCursor(Math.max(cursor - 1, 0));
      else if (event.key === 'x' && row && open) toggle(row);
      else if (event.key === 'Enter' && row) setShown(row.id);
      else if (event.key === 'p' && passes && some) start('pass');
      else if (event.key === 'r' && open && some) start('return');
      else return;
      event.preventDefault();
    };
    window.addEventListener('keydown', keys);
    return () => window.removeEventListener('keydown', keys);
  });
  const act = (what: StepTaking['what'], label: string, danger = false) => <Button danger={danger} disabled={!some} data-testid={what} onClick={() => start(what)}>{label}</Button>;
  const current = cases.find((one) => one.id === shown);
  return (
    <>
      <div className="filters">
        <Input.Search allowClear style={{ width: 240 }} placeholder={t('search_households')} defaultValue={search} onSearch={(text) => set({ search: text })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('category')} value={category} options={options('category')} onChange={(value: string | undefined) => set({ category: value })} />
        <Checkbox checked={late} onChange={(event) => set({ late: event.target.checked ? 'true' : null })}>{t('filter_late')}</Checkbox>
        {open && (
          <Space wrap>
            {passes
              ? <Button type="primary" data-testid="pass" disabled={!some} onClick={() => start('pass')}>{t('step_pass')}</Button>
              : <Link to="/publicity"><Button type="primary">{t('to_publicity')}</Button></Link>}
            {act('return', t('step_return'))}{act('withdraw', t('step_withdraw'))}{act('refuse', t('step_refuse'), true)}
          </Space>
        )}
        <span className="label keys">{t('review_keys')}</span>
      </div>
      {open && !passes && <p className="label" style={{ marginTop: 0 }}>{t('by_notice')}</p>}
      {open && some && (
        <div className="selection" data-testid="selection">
          {matching ? t('matching_selected', { n: whole(total) }) : t('selected', { n: whole(selected.length) })}
          {!matching && total > selected.length && <Button type="link" size="small" data-testid="select-matching" onClick={() => setMatching(true)}>{t('select_matching', { n: whole(total) })}</Button>}
          <Button type="link" size="small" onClick={none}>{t('clear_selection')}</Button>
        </div>
      )}
      {cases.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<IdentificationCase>
          size="small" rowKey="id" dataSource={cases} pagination={false} scroll={{ x: 1080 }} rowClassName={(_, index) => (index === cursor ? 'clickable row-selected' : 'clickable')}
          {...(open ? { rowSelection: { preserveSelectedRowKeys: true, selectedRowKeys: matching ? cases.map((one) => one.id) : selected.map((one) => one.id), onChange: (_: unknown, rows: IdentificationCase[]) => { setMatching(false); setSelected(rows); } } } : {})}
          onRow={(row, index) => ({ onClick: () => { setCursor(index ?? 0); setShown(row.id); } })}
          columns={[
            { title: t('register_number'), dataIndex: 'register_number', width: 150 },
            { title: t('head'), dataIndex: 'head_name', width: 110 },
            { title: t('address'), dataIndex: 'area_name' },
            { title: t('persons_n'), dataIndex: 'persons', width: 76, align: 'right' },
            { title: t('category'), dataIndex: 'category', width: 110, render: (value: string) => code('category', value) },
            { title: t('waits_for'), width: 250, render: (_, row) => ENDS.includes(row.step) ? '' : <span className="unbroken">{t('days_waiting', { n: row.days })}{row.late && <Tag color="red" style={{ marginLeft: 8 }}>{t('late')}</Tag>}{row.due && !row.late && <span className="label"> · {t('due_on', { day: row.due })}</span>}</span> },
            { title: t('state'), width: 220, render: (_, row) => <>{row.notice && <Tag color="blue">{t('on_notice')}</Tag>}{row.open_objections > 0 && <Tag color="red">{t('suspended')}</Tag>}{row.blocking_items > 0 && <Tag color="orange">{row.blocking_items} {t('blocking_items')}</Tag>}{row.taken.at(-1)?.outcome === 'returned' && <Tag color="gold">{code('step_outcome', 'returned')}</Tag>}{row.taken.at(-1)?.outcome === 'taken_back' && <Tag>{code('step_outcome', 'taken_back')}</Tag>}</> },
          ]}
        />
      )}
      <div className="pages">
        <span>{query.data ? t('total', { n: whole(total) }) : ''}</span>
        <Button disabled={trail.length === 0} onClick={() => { setCursor(0); setTrail(trail.slice(0, -1)); }}>{t('previous_page')}</Button>
        <Button disabled={!query.data?.next} onClick={() => { setCursor(0); if (query.data?.next) setTrail([...trail, query.data.next]); }}>{t('next_page')}</Button>
      </div>
      <Drawer
        open={current !== undefined} onClose={() => setShown(null)} size={480} title={current && <>{current.head_name} <Tag>{current.register_number}</Tag></>}
        footer={current && open && <Space wrap>{passes ? <Button type="primary" onClick={() => startOne('pass', current)}>{t('step_pass')}</Button> : <Link to="/publicity"><Button type="primary">{t('to_publicity')}</Button></Link>}<Button onClick={() => startOne('return', current)}>{t('step_return')}</Button><Button onClick={() => startOne('withdraw', current)}>{t('step_withdraw')}</Button><Button danger onClick={() => startOne('refuse', current)}>{t('step_refuse')}</Button></Space>}
      >
        {current && <Case it={current} />}
      </Drawer>
      {taking && <TakeStep step={step} what={taking.what} chosen={taking.chosen} close={(done) => { setTaking(null); if (done) none(); }} />}
    </>
  );
}

/** One case: where it came from, what was done, and the way back of a mistake. */
function Case({ it }: { it: IdentificationCase }) {
  const { t, code } = useWords();
  const run = useCommand(() => it.register_number);
  const [reason, setReason] = useState('');
  return (
    <>
      <p>{it.area_name} · <Link to={`/register/${it.household}`}>{t('open_household')}</Link></p>
      <dl className="facts" style={{ marginBottom: 12 }}>
        <dt>{t('application')}</dt><dd>{code('application_form', it.application.form)} · {it.application.date}{it.application.witness && ` · ${t('witness')} ${it.application.witness}`}{it.application.reference && ` · ${it.application.reference}`}</dd>
        {it.due && <><dt>{t('waits_for')}</dt><dd>{code('identification_step', it.step)} · {t('due_on', { day: it.due })}{it.late && <Tag color="red" style={{ marginLeft: 8 }}>{t('late')}</Tag>}</dd></>}
        {it.blocking_items > 0 && <><dt>{t('lookback')}</dt><dd><Link to={`/lookback?search=${encodeURIComponent(it.register_number)}`}>{it.blocking_items} {t('blocking_items')}</Link></dd></>}
      </dl>
      <Steps taken={it.taken} waits={it.step} />
      {it.may_take_back && (
        <div className="panel">
          <h2>{t('take_back')}</h2>
          <p className="label">{t('take_back_why')}</p>
          <Space.Compact style={{ width: '100%' }}>
            <Input value={reason} maxLength={200} placeholder={t('reason')} onChange={(event) => setReason(event.target.value)} />
            <Button data-testid="take-back" disabled={!reason.trim()} onClick={async () => { if (it.may_take_back && (await run(() => api.takeBack([{ id: it.id, version: it.version }], it.may_take_back as IdentificationStep, reason)))) setReason(''); }}>{t('take_back_step', { step: code('identification_step', it.may_take_back) })}</Button>
          </Space.Compact>
        </div>
      )}
    </>
  );
}

/** The figures of a vote. */
const votes = ({ entitled, present, in_favour, against, abstained }: Vote) => ({ entitled, present, in_favour, against, abstained });

/** The steps that were taken, and the one the case waits for. */
export function Steps({ taken, waits }: { taken: TakenStep[]; waits: IdentificationStep }) {
  const { t, code } = useWords();
  const colour = { passed: 'green', returned: 'orange', refused: 'red', withdrawn: 'gray', taken_back: 'gray' } as const;
  return (
    <Timeline items={[
      ...taken.map((step, index) => ({
        key: index,
        color: colour[step.outcome],
        content: (
          <div>
            <b>{code('identification_step', step.step)}</b> · {code('step_outcome', step.outcome)}
            <div className="label">{step.by} · {instant(step.at)}{step.vote && ` · ${t('vote_of', votes(step.vote))}`}</div>
            {step.vote?.meeting && <div className="label">{t('meeting_held', { date: step.vote.meeting.date, place: step.vote.meeting.place })}</div>}
            {step.vote?.cross_match_read_out && <div className="label">{t('read_out')}</div>}
            {step.remark && <div>{step.remark}</div>}
          </div>
        ),
      })),
      { key: 'waits', color: 'blue', content: <>{code('identification_step', waits)}</> },
    ]} />
  );
}

function TakeStep({ step, what, chosen, close }: { step: IdentificationStep; what: StepTaking['what']; chosen: Chosen; close: (done: boolean) => void }) {
  const { t, code, problem } = useWords();
  const { message } = App.useApp();
  const { filters } = useFilters();
  const named = 'cases' in chosen ? chosen.cases : null;
  const run = useCommand((id) => { const found = named?.find((one) => one.id === id); return found ? `${found.head_name} ${found.register_number}` : id.slice(0, 8); });
  const [form] = Form.useForm<{ remark?: string; vote?: Vote }>();
  const [job, setJob] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const title = { pass: t('step_pass'), return: t('step_return'), refuse: t('step_refuse'), withdraw: t('step_withdraw') }[what];
  const voted = what === 'pass' && VOTED.includes(step);
  const count = 'cases' in chosen ? chosen.cases.length : chosen.matching;
  const submit = async () => {
    const given = await filled(form);
    if (!given) return;
    const { remark, vote } = given;
    const { area, category, search } = filters;
    const selection = named ? { cases: named.map(({ id, version }) => ({ id, version })) } : { area, category: category as StepTaking['category'], search, late: filters.late === 'true' || undefined };
    const taking: StepTaking = { step, what, remark, vote: voted ? vote : undefined, ...selection };
    setSending(true);
    try {
      if (count > LARGE) setJob((await api.takeLargeStep(taking)).id);
      else if (await run(() => api.takeStep(taking))) close(true);
    } catch (error) {
      message.error(problem(error));
    } finally {
      setSending(false);
    }
  };
  const number = (name: keyof Vote, label: string) => <Form.Item name={['vote', name]} label={label} rules={[{ required: true }]}><InputNumber min={0} max={100000} precision={0} style={{ width: 84 }} /></Form.Item>;
  if (job) return <Batch id={job} title={`${code('identification_step', step)} · ${title}`} close={() => close(true)} />;
  return (
    <Modal open title={`${code('identification_step', step)} · ${title}`} okText={title} okButtonProps={{ danger: what === 'refuse' }} confirmLoading={sending} cancelText={t('cancel')} onOk={submit} onCancel={() => close(false)}>
      <p className="label">{named ? t('selected', { n: whole(count) }) : t('matching_selected', { n: whole(count) })}</p>
      <Form form={form} layout="vertical">
        {voted && (
          <Space wrap align="start">
            <Form.Item name={['vote', 'meeting', 'date']} label={t('meeting_date')} initialValue={today()} rules={[{ required: true }]}><Day max={today()} width={150} /></Form.Item>
            <Form.Item name={['vote', 'meeting', 'place']} label={t('meeting_place')} rules={[{ required: true, whitespace: true, max: 200 }]}><Input style={{ width: 240 }} data-testid="meeting-place" /></Form.Item>
          </Space>
        )}
        {voted && <Space wrap>{number('entitled', t('entitled'))}{number('present', t('present'))}{number('in_favour', t('in_favour'))}{number('against', t('against'))}{number('abstained', t('abstained'))}</Space>}
        {voted && step === 'village_review' && <Form.Item name={['vote', 'cross_match_read_out']} valuePropName="checked"><Checkbox data-testid="read-out">{t('read_out')}</Checkbox></Form.Item>}
        <Form.Item name="remark" label={t('remark')} rules={what === 'pass' ? [] : [{ required: true, whitespace: true, message: t('remark_needed') }]}><Input.TextArea rows={3} maxLength={2000} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

/** A large batch while it runs, and what came of it. */
function Batch({ id, title, close }: { id: string; title: string; close: () => void }) {
  const { t, of, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const tell = useOutcome();
  const job = useQuery({ queryKey: ['job', id], queryFn: () => api.job(id), refetchInterval: (query) => (query.state.data && query.state.data.state !== 'running' ? false : 500) });
  const state = job.data?.state;
  useEffect(() => {
    if (!job.data || state === undefined || state === 'running') return;
    const result = job.data.result as { done: number; reasons: { detail: Text; cases: string[] }[] } | null;
    if (state === 'done' && result) tell(result.done, result.reasons.map(({ detail, cases }) => ({ reason: of(detail), cases })), (one) => one.slice(0, 8));
    else if (state === 'cancelled') message.info(t('batch_cancelled'));
    else message.error(job.data.error ?? t('batch_failed'));
    void client.invalidateQueries();
    close();
    // The outcome is told once, when the job ends.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [state]);
  const cancel = () => api.cancelJob(id).catch((error: unknown) => message.error(problem(error)));
  return (
    <Modal open closable={false} title={title} footer={<Button danger onClick={cancel}>{t('cancel')}</Button>}>
      <p>{t('batch_runs')}</p>
      <Progress percent={Math.round(((job.data as Job | undefined)?.progress ?? 0) * 100)} />
      {job.data?.step && <span className="label">{of(job.data.step)}</span>}
    </Modal>
  );
}
