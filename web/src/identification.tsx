// Identification: what waits at which step, steps taken one by one or by the batch, notices and objections.

import { DownloadOutlined, PrinterOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Drawer, Form, Input, InputNumber, Modal, Select, Space, Table, Tabs, Tag, Timeline, TreeSelect } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { address, api } from './api/client';
import type { BatchOutcome, IdentificationCase, IdentificationStep, Objection, PublicityNotice, StepTaking, TakenStep, Vote } from './api/types';
import { instant, useWords, whole } from './language';
import { areaTree, Title, Waiting } from './parts';
import { useFilters } from './query';

const PUBLICITY: IdentificationStep[] = ['village_publicity', 'township_publicity', 'county_publicity', 'announcement'];
const VOTED: IdentificationStep[] = ['group_review', 'village_review'];
const today = () => new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);

/** Runs a command, tells what came of it, and asks for everything again. */
function useCommand() {
  const { problem, t, of } = useWords();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  return async (command: () => Promise<BatchOutcome | unknown>) => {
    try {
      const outcome = await command();
      if (outcome && typeof outcome === 'object' && 'refused' in outcome) {
        const { done, refused } = outcome as BatchOutcome;
        if (done > 0) message.success(t('batch_done', { n: done }));
        if (refused.length > 0) {
          const reasons = new Map<string, number>();
          for (const { detail } of refused) reasons.set(of(detail), (reasons.get(of(detail)) ?? 0) + 1);
          modal.warning({ title: t('batch_refused', { n: refused.length }), content: [...reasons].map(([reason, count]) => <p key={reason}>{reason} ({whole(count)})</p>) });
        }
      } else message.success(t('saved'));
      return true;
    } catch (error) {
      message.error(problem(error));
      return false;
    } finally {
      await client.invalidateQueries();
    }
  };
}

export default function IdentificationPage() {
  const { t, code } = useWords();
  const { filters, set } = useFilters();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const desk = useQuery({ queryKey: ['identification', filters.area], queryFn: () => api.identification({ area: filters.area }) });
  const [opening, setOpening] = useState(false);
  const tab = filters.tab ?? 'cases';
  const step = (filters.step ?? desk.data?.steps.find((count) => count.mine && count.cases > 0)?.step ?? 'group_review') as IdentificationStep;
  return (
    <div data-testid="identification">
      <Title extra={<><TreeSelect allowClear style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area: string | undefined) => set({ area })} /><Button type="primary" data-testid="open-cases" disabled={!desk.data || desk.data.without_case === 0} onClick={() => setOpening(true)}>{t('open_cases')}</Button></>}>{t('identification')}</Title>
      <div className="panel" style={{ marginBottom: 12 }}>
        <Space wrap size={[8, 8]}>
          <Tag style={{ padding: '2px 10px' }}>{t('desk_without_case')} <b>{whole(desk.data?.without_case ?? 0)}</b></Tag>
          {desk.data?.steps.map((count) => (
            <Tag.CheckableTag key={count.step} data-testid={`step-${count.step}`} checked={tab === 'cases' && step === count.step} onChange={() => set({ tab: null, step: count.step })} style={{ border: `1px solid ${count.mine ? '#1f6f5c' : '#dfe5df'}`, padding: '2px 10px' }}>
              {code('identification_step', count.step)} <b>{whole(count.cases)}</b>{count.suspended > 0 && <span className="label"> · {t('suspended')} {whole(count.suspended)}</span>}
            </Tag.CheckableTag>
          ))}
        </Space>
      </div>
      <Tabs activeKey={tab} onChange={(next) => set({ tab: next === 'cases' ? null : next })} items={[
        { key: 'cases', label: t('cases'), children: <Cases key={step} step={step} area={filters.area} mine={desk.data?.steps.find((count) => count.step === step)?.mine ?? false} /> },
        { key: 'notices', label: `${t('notices')} ${desk.data ? whole(desk.data.notices) : ''}`, children: <Notices area={filters.area} /> },
        { key: 'objections', label: `${t('objections')} ${desk.data ? whole(desk.data.objections) : ''}`, children: <Objections area={filters.area} /> },
      ]} />
      {opening && <OpenCases area={filters.area} close={() => setOpening(false)} />}
    </div>
  );
}

function OpenCases({ area, close }: { area: string | undefined; close: () => void }) {
  const { t, options } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<{ form: string; date: string; category?: string; witness?: string }>();
  const submit = async () => {
    const values = await form.validateFields();
    if (await run(() => api.openCases({ ...values, area }))) close();
  };
  return (
    <Modal open title={t('open_cases')} okText={t('open_cases')} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <p className="label">{t('open_cases_why')}</p>
      <Form form={form} layout="vertical" initialValues={{ form: 'visit', date: today() }}>
        <Form.Item name="category" label={t('category')}><Select allowClear options={options('category')} placeholder={t('all')} /></Form.Item>
        <Form.Item name="form" label={t('application_form')} rules={[{ required: true }]}><Select options={options('application_form')} /></Form.Item>
        <Form.Item name="date" label={t('date')} rules={[{ required: true }]}><Input type="date" /></Form.Item>
        <Form.Item noStyle shouldUpdate>{() => form.getFieldValue('form') === 'oral' && <Form.Item name="witness" label={t('witness')} rules={[{ required: true, message: t('witness') }]}><Input maxLength={50} /></Form.Item>}</Form.Item>
      </Form>
    </Modal>
  );
}

function Cases({ step, area, mine }: { step: IdentificationStep; area: string | undefined; mine: boolean }) {
  const { t, code } = useWords();
  const [search, setSearch] = useState('');
  const [trail, setTrail] = useState<string[]>([]);
  const [selected, setSelected] = useState<IdentificationCase[]>([]);
  const [shown, setShown] = useState<IdentificationCase | null>(null);
  const [taking, setTaking] = useState<{ what: StepTaking['what']; cases: IdentificationCase[] | null } | null>(null);
  const [posting, setPosting] = useState(false);
  const query = useQuery({ queryKey: ['cases', step, area, search, trail.at(-1)], queryFn: ({ signal }) => api.cases({ step, area, search, after: trail.at(-1), limit: 50 }, signal), placeholderData: keepPreviousData });
  const cases = query.data?.items ?? [];
  const open = !['announced', 'refused', 'withdrawn'].includes(step);
  const act = (what: StepTaking['what'], label: string, danger = false) => (
    <Button danger={danger} disabled={selected.length === 0} onClick={() => setTaking({ what, cases: selected })}>{label}</Button>
  );
  return (
    <>
      <div className="filters">
        <Input.Search allowClear style={{ width: 250 }} placeholder={t('search_households')} onSearch={(text) => { setTrail([]); setSearch(text); }} />
        {mine && open && (
          <Space wrap>
            {PUBLICITY.includes(step)
              ? <Button type="primary" disabled={cases.length === 0} onClick={() => setPosting(true)}>{t('post_notice')}</Button>
              : <><Button type="primary" data-testid="pass" disabled={selected.length === 0} onClick={() => setTaking({ what: 'pass', cases: selected })}>{t('step_pass')}</Button>
                <Button disabled={cases.length === 0 || search !== ''} onClick={() => setTaking({ what: 'pass', cases: null })}>{t('all_waiting')} {t('step_pass')} ({whole(query.data?.total ?? 0)})</Button></>}
            {act('return', t('step_return'))}{act('withdraw', t('step_withdraw'))}{act('refuse', t('step_refuse'), true)}
            {selected.length > 0 && <span className="label">{t('selected', { n: selected.length })}</span>}
          </Space>
        )}
      </div>
      {cases.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<IdentificationCase>
          size="small" rowKey="id" dataSource={cases} pagination={false} scroll={{ x: 900 }} rowClassName="clickable"
          {...(mine && open ? { rowSelection: { selectedRowKeys: selected.map((one) => one.id), onChange: (_: unknown, rows: IdentificationCase[]) => setSelected(rows) } } : {})}
          onRow={(row) => ({ onClick: () => setShown(row) })}
          columns={[
            { title: t('register_number'), dataIndex: 'register_number', width: 150 },
            { title: t('head'), dataIndex: 'head_name', width: 110 },
            { title: t('address'), dataIndex: 'area_name' },
            { title: t('persons'), dataIndex: 'persons', width: 70, align: 'right' },
            { title: t('category'), dataIndex: 'category', width: 130, render: (value: string) => code('category', value) },
            { title: t('state'), width: 260, render: (_, row) => <>{row.notice && <Tag color="blue">{t('on_notice')}</Tag>}{row.open_objections > 0 && <Tag color="red">{t('suspended')}</Tag>}{row.blocking_items > 0 && <Tag color="orange">{row.blocking_items} {t('blocking_items')}</Tag>}{row.taken.at(-1)?.outcome === 'returned' && <Tag color="gold">{code('step_outcome', 'returned')}</Tag>}</> },
          ]}
        />
      )}
      <div className="pages">
        <span>{query.data ? t('total', { n: whole(query.data.total) }) : ''}</span>
        <Button disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>{t('previous_page')}</Button>
        <Button disabled={!query.data?.next} onClick={() => query.data?.next && setTrail([...trail, query.data.next])}>{t('next_page')}</Button>
      </div>
      <Drawer open={shown !== null} onClose={() => setShown(null)} size={480} title={shown && <>{shown.head_name} <Tag>{shown.register_number}</Tag></>}>
        {shown && <><p><Link to={`/register/${shown.household}`}>{shown.area_name}</Link></p><Steps taken={shown.taken} waits={shown.step} /></>}
      </Drawer>
      {taking && <TakeStep step={step} area={area} what={taking.what} cases={taking.cases} close={(done) => { setTaking(null); if (done) setSelected([]); }} />}
      {posting && <PostNotice step={step} area={area} close={() => setPosting(false)} />}
    </>
  );
}

/** The steps that were taken, and the one the case waits for. */
export function Steps({ taken, waits }: { taken: TakenStep[]; waits: IdentificationStep }) {
  const { t, code } = useWords();
  const colour = { passed: 'green', returned: 'orange', refused: 'red', withdrawn: 'gray' } as const;
  return (
    <Timeline items={[
      ...taken.map((step, index) => ({
        key: index,
        color: colour[step.outcome],
        content: (
          <div>
            <b>{code('identification_step', step.step)}</b> · {code('step_outcome', step.outcome)}
            <div className="label">{step.by} · {instant(step.at)}{step.vote && ` · ${t('vote')} ${step.vote.in_favour}/${step.vote.against}/${step.vote.abstained} (${step.vote.present}/${step.vote.entitled})`}</div>
            {step.remark && <div>{step.remark}</div>}
          </div>
        ),
      })),
      { key: 'waits', color: 'blue', content: <>{code('identification_step', waits)}</> },
    ]} />
  );
}

function TakeStep({ step, area, what, cases, close }: { step: IdentificationStep; area: string | undefined; what: StepTaking['what']; cases: IdentificationCase[] | null; close: (done: boolean) => void }) {
  const { t, code } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<{ remark?: string; vote?: Vote }>();
  const title = { pass: t('step_pass'), return: t('step_return'), refuse: t('step_refuse'), withdraw: t('step_withdraw') }[what];
  const voted = what === 'pass' && VOTED.includes(step);
  const submit = async () => {
    const { remark, vote } = await form.validateFields();
    const done = await run(() => api.takeStep({ step, what, remark, vote: voted ? vote : undefined, area: cases ? undefined : area, cases: cases?.map(({ id, version }) => ({ id, version })) }));
    if (done) close(true);
  };
  const count = (name: keyof Vote, label: string) => <Form.Item name={['vote', name]} label={label} rules={[{ required: true, message: label }]}><InputNumber min={0} max={100000} precision={0} style={{ width: 84 }} /></Form.Item>;
  return (
    <Modal open title={`${code('identification_step', step)} · ${title}`} okText={title} okButtonProps={{ danger: what === 'refuse' }} cancelText={t('cancel')} onOk={submit} onCancel={() => close(false)}>
      <p className="label">{cases ? t('selected', { n: cases.length }) : t('all_waiting')}</p>
      <Form form={form} layout="vertical">
        {voted && <Space wrap>{count('entitled', t('entitled'))}{count('present', t('present'))}{count('in_favour', t('in_favour'))}{count('against', t('against'))}{count('abstained', t('abstained'))}</Space>}
        <Form.Item name="remark" label={t('remark')} rules={what === 'pass' ? [] : [{ required: true, whitespace: true, message: t('remark_needed') }]}><Input.TextArea rows={3} maxLength={2000} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

function PostNotice({ step, area, close }: { step: IdentificationStep; area: string | undefined; close: () => void }) {
  const { t } = useWords();
  const run = useCommand();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const start = useQuery({ queryKey: ['start'], queryFn: api.start });
  const [form] = Form.useForm<{ area: string; place: string; contact: string }>();
  const villages = step === 'village_publicity'
    ? (areas.data ?? []).filter((one) => one.level === 'village').map((one) => ({ value: one.code, label: one.name }))
    : start.data ? [{ value: start.data.county.code, label: start.data.county.name }] : [];
  const submit = async () => {
    const values = await form.validateFields();
    if (await run(() => api.postNotice(values))) close();
  };
  return (
    <Modal open title={t('post_notice')} okText={t('post_notice')} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <Form form={form} layout="vertical" initialValues={{ area: villages.some((one) => one.value === area) ? area : villages.length === 1 ? villages[0]?.value : undefined }}>
        <Form.Item name="area" label={t('notice_area')} rules={[{ required: true, message: t('notice_area') }]}><Select showSearch={{ optionFilterProp: 'label' }} options={villages} /></Form.Item>
        <Form.Item name="place" label={t('notice_place')} rules={[{ required: true, whitespace: true, message: t('notice_place') }]}><Input maxLength={200} /></Form.Item>
        <Form.Item name="contact" label={t('notice_contact')} rules={[{ required: true, whitespace: true, message: t('notice_contact') }]}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}

function Notices({ area }: { area: string | undefined }) {
  const { t, code } = useWords();
  const [shown, setShown] = useState<string | null>(null);
  const query = useQuery({ queryKey: ['notices', area], queryFn: () => api.notices({ area, limit: 200 }) });
  const notices = query.data?.items ?? [];
  if (notices.length === 0) return <div className="panel"><Waiting query={query} /></div>;
  return (
    <>
      <Table<PublicityNotice>
        size="small" rowKey="id" dataSource={notices} pagination={{ pageSize: 50, hideOnSinglePage: true }} scroll={{ x: 800 }} rowClassName="clickable" onRow={(row) => ({ onClick: () => setShown(row.id) })}
        columns={[
          { title: t('area'), dataIndex: 'area_name' },
          { title: t('notices'), dataIndex: 'level', width: 100, render: (value: string) => code('identification_level', value) },
          { title: t('notice_place'), dataIndex: 'place' },
          { title: t('date'), dataIndex: 'from', width: 120 },
          { title: t('until'), dataIndex: 'until', width: 120 },
          { title: t('state'), width: 150, render: (_, row) => row.closed_at ? <Tag>{t('notice_closed')}</Tag> : row.has_run ? <Tag color="orange">{t('notice_has_run')}</Tag> : <Tag color="blue">{t('notice_runs')}</Tag> },
        ]}
      />
      {shown && <Notice id={shown} close={() => setShown(null)} />}
    </>
  );
}

function Notice({ id, close }: { id: string; close: () => void }) {
  const { t, code } = useWords();
  const run = useCommand();
  const query = useQuery({ queryKey: ['notice', id], queryFn: () => api.notice(id) });
  const [objecting, setObjecting] = useState<string | null>(null);
  const notice = query.data;
  return (
    <Drawer open onClose={close} size={760} title={notice && `${notice.area_name} · ${t('notices')}`} extra={notice && (
      <Space>
        <Button icon={<PrinterOutlined />} onClick={() => window.print()}>{t('print')}</Button>
        <Button icon={<DownloadOutlined />} href={address(`/register/identification/notices/${id}/list.xlsx`)}>{t('list_xlsx')}</Button>
        {!notice.closed_at && <Button type="primary" disabled={!notice.has_run} onClick={() => run(() => api.closeNotice(id))}>{t('close_notice')}</Button>}
      </Space>
    )}>
      {notice ? (
        <>
          <dl className="facts"><dt>{t('date')}</dt><dd>{notice.from} — {notice.until}</dd><dt>{t('notice_place')}</dt><dd>{notice.place}</dd><dt>{t('notice_contact')}</dt><dd>{notice.contact}</dd></dl>
          <Alert style={{ margin: '12px 0' }} type="info" title={t('notice_note')} />
          <Table size="small" rowKey="case" dataSource={notice.lines} pagination={{ pageSize: 100, hideOnSinglePage: true }} columns={[
            { title: t('index'), width: 60, render: (_, __, index) => index + 1 },
            { title: t('head'), dataIndex: 'head_name', width: 100 },
            { title: t('address'), dataIndex: 'area_name' },
            { title: t('persons'), dataIndex: 'persons', width: 70, align: 'right' },
            { title: t('category'), dataIndex: 'category', width: 110, render: (value: string) => code('category', value) },
            { title: t('pathway'), dataIndex: 'pathway', width: 110, render: (value: string | null) => code('pathway', value) },
            { title: '', width: 120, render: (_, line) => line.open_objections > 0 ? <Tag color="red">{t('suspended')}</Tag> : line.stands && !notice.has_run ? <Button size="small" type="link" onClick={() => setObjecting(line.case)}>{t('object')}</Button> : null },
          ]} />
        </>
      ) : <Waiting query={query} />}
      {objecting && <TakeObjection notice={id} of={objecting} close={() => setObjecting(null)} />}
    </Drawer>
  );
}

function TakeObjection({ notice, of, close }: { notice: string; of: string; close: () => void }) {
  const { t } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<{ from?: string; content: string }>();
  const submit = async () => {
    const values = await form.validateFields();
    if (await run(() => api.object(notice, { case: of, ...values }))) close();
  };
  return (
    <Modal open title={t('object')} okText={t('object')} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <Form form={form} layout="vertical">
        <Form.Item name="from" label={t('objection_from')}><Input maxLength={50} /></Form.Item>
        <Form.Item name="content" label={t('objection_content')} rules={[{ required: true, whitespace: true, message: t('objection_content') }]}><Input.TextArea rows={4} maxLength={2000} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

function Objections({ area }: { area: string | undefined }) {
  const { t, code } = useWords();
  const run = useCommand();
  const [shown, setShown] = useState<Objection | null>(null);
  const [answer, setAnswer] = useState('');
  const query = useQuery({ queryKey: ['objections', area], queryFn: () => api.objections({ area, limit: 200 }) });
  const objections = query.data?.items ?? [];
  if (objections.length === 0) return <div className="panel"><Waiting query={query} /></div>;
  const decide = async (upheld: boolean) => {
    if (shown && (await run(() => api.answerObjection(shown, upheld, answer)))) { setShown(null); setAnswer(''); }
  };
  return (
    <>
      <Table<Objection>
        size="small" rowKey="id" dataSource={objections} pagination={{ pageSize: 50, hideOnSinglePage: true }} scroll={{ x: 800 }} rowClassName="clickable" onRow={(row) => ({ onClick: () => setShown(row) })}
        columns={[
          { title: t('head'), width: 190, render: (_, row) => `${row.head_name} ${row.register_number}` },
          { title: t('address'), dataIndex: 'area_name', width: 200 },
          { title: t('objection_content'), dataIndex: 'content' },
          { title: t('received'), width: 200, render: (_, row) => `${row.received_by} · ${instant(row.received_at)}` },
          { title: t('state'), dataIndex: 'state', width: 100, render: (state: string) => <Tag color={state === 'open' ? 'orange' : state === 'upheld' ? 'red' : 'default'}>{code('objection_state', state)}</Tag> },
        ]}
      />
      <Drawer open={shown !== null} onClose={() => setShown(null)} size={480} title={shown && `${t('objections')} · ${shown.head_name} ${shown.register_number}`}>
        {shown && (
          <>
            <dl className="facts"><dt>{t('objection_from')}</dt><dd>{shown.from ?? '—'}</dd><dt>{t('objection_content')}</dt><dd>{shown.content}</dd>{shown.decided_by && <><dt>{t('answer')}</dt><dd>{shown.answer} · {shown.decided_by}</dd></>}</dl>
            {shown.state === 'open' && (
              <div style={{ marginTop: 16 }}>
                <Input.TextArea rows={3} maxLength={2000} showCount value={answer} onChange={(event) => setAnswer(event.target.value)} placeholder={t('answer')} />
                <Space style={{ marginTop: 16 }}>
                  <Button type="primary" danger disabled={!answer.trim()} onClick={() => decide(true)}>{t('upheld')}</Button>
                  <Button disabled={!answer.trim()} onClick={() => decide(false)}>{t('dismissed')}</Button>
                </Space>
              </div>
            )}
          </>
        )}
      </Drawer>
    </>
  );
}
