// The publicity desk: what is ready to be posted, notices with their days, photos and objections, announcements.

import { DownloadOutlined, PlusOutlined, PrinterOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Drawer, Form, Image, Input, Modal, Segmented, Select, Space, Table, Tabs, Tag, TreeSelect, Upload } from 'antd';
import { useState } from 'react';

import { address, api } from './api/client';
import type { IdentificationDesk, Objection, PublicityNotice } from './api/types';
import { filled, today, useCommand } from './command';
import { instant, useWords, whole } from './language';
import { areaTree, Day, Title, Waiting } from './parts';
import { useFilters } from './query';

type Ready = IdentificationDesk['ready'][number];
const PHOTO_LIMIT = 10 * 1024 * 1024;

export default function PublicityPage() {
  const { t } = useWords();
  const { filters, set } = useFilters();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const desk = useQuery({ queryKey: ['identification', filters.area], queryFn: () => api.identification({ area: filters.area }) });
  const tab = filters.tab ?? 'ready';
  const waiting = desk.data?.ready.reduce((sum, one) => sum + one.households, 0) ?? 0;
  const counted = (label: string, count: number | undefined) => <>{label} <b>{whole(count ?? 0)}</b></>;
  return (
    <div data-testid="publicity">
      <Title extra={<TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area: string | undefined) => set({ area })} />}>{t('publicity_desk')}</Title>
      <Tabs activeKey={tab} onChange={(next) => set({ tab: next === 'ready' ? null : next, open: null, show: null })} items={[
        { key: 'ready', label: counted(t('ready_for_notice'), waiting), children: <ReadyList desk={desk} /> },
        { key: 'notices', label: counted(t('open_notices'), desk.data?.notices), children: <Notices key="notices" kind="publicity" /> },
        { key: 'objections', label: counted(t('objections'), desk.data?.objections), children: <Objections /> },
        { key: 'announcements', label: t('announcements'), children: <Notices key="announcements" kind="announcement" /> },
      ]} />
      {filters.open && <Notice id={filters.open} close={() => set({ open: null })} />}
    </div>
  );
}

function ReadyList({ desk }: { desk: { data: IdentificationDesk | undefined; isPending: boolean; error: unknown; refetch: () => unknown } }) {
  const { t, code } = useWords();
  const [posting, setPosting] = useState<Ready | null>(null);
  const ready = desk.data?.ready ?? [];
  if (ready.length === 0) return <div className="panel"><Waiting query={desk} empty={t('nothing_ready')} /></div>;
  return (
    <>
      <Table<Ready> size="small" rowKey={(row) => `${row.step} ${row.area}`} dataSource={ready} pagination={{ pageSize: 50, hideOnSinglePage: true }} scroll={{ x: 640 }} columns={[
        { title: t('area'), dataIndex: 'area_name' },
        { title: t('waits_for'), dataIndex: 'step', width: 180, render: (step: string) => code('identification_step', step) },
        { title: t('number_of_cases'), dataIndex: 'households', width: 110, align: 'right', render: whole },
        { title: '', width: 150, render: (_, row) => row.mine && <Button size="small" type="primary" ghost data-testid="post" onClick={() => setPosting(row)}>{row.step === 'announcement' ? t('announce') : t('post_notice')}</Button> },
      ]} />
      {posting && <Post ready={posting} close={() => setPosting(null)} />}
    </>
  );
}

function Post({ ready, close }: { ready: Ready; close: () => void }) {
  const { t } = useWords();
  const run = useCommand();
  const { set } = useFilters();
  const kind = ready.step === 'announcement' ? 'announcement' : 'publicity';
  const title = kind === 'announcement' ? t('announce') : t('post_notice');
  const [form] = Form.useForm<{ place: string; contact: string; from: string }>();
  const submit = async () => {
    const values = await filled(form);
    if (!values) return;
    let posted: PublicityNotice | undefined;
    if (await run(async () => { posted = await api.postNotice({ kind, area: ready.area, ...values }); })) {
      close();
      set({ tab: kind === 'announcement' ? 'announcements' : 'notices', open: posted?.id });
    }
  };
  return (
    <Modal open title={`${title} · ${ready.area_name}`} okText={title} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <p className="label">{t('total', { n: whole(ready.households) })}</p>
      <Form form={form} layout="vertical" initialValues={{ from: today() }}>
        <Form.Item name="from" label={t(kind === 'announcement' ? 'announced_on' : 'posted_on')} rules={[{ required: true }]}><Day /></Form.Item>
        <Form.Item name="place" label={t('notice_place')} rules={[{ required: true, whitespace: true }]}><Input maxLength={200} /></Form.Item>
        <Form.Item name="contact" label={kind === 'announcement' ? t('contact') : t('notice_contact')} rules={[{ required: true, whitespace: true }]}><Input maxLength={200} /></Form.Item>
      </Form>
    </Modal>
  );
}

function NoticeState({ it }: { it: PublicityNotice }) {
  const { t } = useWords();
  if (it.removed) return <Tag>{t('taken_down')}</Tag>;
  if (it.kind === 'announcement') return <Tag color="green">{t('identified')}</Tag>;
  if (it.closed_at) return <Tag>{t('notice_closed')}</Tag>;
  return it.has_run ? <Tag color="orange">{t('notice_has_run')}</Tag> : <Tag color="blue">{t('notice_runs')}</Tag>;
}

function Notices({ kind }: { kind: PublicityNotice['kind'] }) {
  const { t } = useWords();
  const { filters, set } = useFilters();
  const [trail, setTrail] = useState<string[]>([]);
  const show = filters.show ?? 'open';
  const publicity = kind === 'publicity';
  const wanted = !publicity || show === 'all' ? {} : show === 'run' ? { closed: false, has_run: true } : { closed: false };
  const query = useQuery({ queryKey: ['notices', kind, filters.area, show, trail.at(-1)], queryFn: () => api.notices({ kind, area: filters.area, ...wanted, after: trail.at(-1), limit: 50 }) });
  const notices = query.data?.items ?? [];
  return (
    <>
      {publicity && <div className="filters"><Segmented value={show} onChange={(next) => { setTrail([]); set({ show: next === 'open' ? null : next }); }} options={[{ value: 'open', label: t('notice_runs') }, { value: 'run', label: t('run_notices') }, { value: 'all', label: t('all_notices') }]} /></div>}
      {notices.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<PublicityNotice>
          size="small" rowKey="id" dataSource={notices} pagination={false} scroll={{ x: 1060 }} rowClassName="clickable" onRow={(row) => ({ onClick: () => set({ open: row.id }) })}
          columns={[
            { title: t('notice_number'), width: 260, render: (_, row) => row.number ?? row.area_name },
            { title: t('notice_place'), dataIndex: 'place' },
            { title: publicity ? t('period') : t('announced_on'), width: publicity ? 200 : 120, render: (_, row) => (publicity ? `${row.from} — ${row.until}` : row.from) },
            ...(publicity ? [{ title: t('days_left'), width: 80, align: 'right' as const, render: (_: unknown, row: PublicityNotice) => (row.closed_at ? '' : t('days_left_n', { n: row.days_left })) }] : []),
            { title: t('number_of_cases'), dataIndex: 'households', width: 80, align: 'right', render: whole },
            { title: t('photos'), width: 90, align: 'right', render: (_, row) => t('photo_n', { n: row.photos.length }) },
            { title: t('state'), width: 130, render: (_, row) => <NoticeState it={row} /> },
          ]}
        />
      )}
      <div className="pages">
        <Button disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>{t('previous_page')}</Button>
        <Button disabled={!query.data?.next} onClick={() => query.data?.next && setTrail([...trail, query.data.next])}>{t('next_page')}</Button>
      </div>
    </>
  );
}

function Notice({ id, close }: { id: string; close: () => void }) {
  const { t, code, language } = useWords();
  const query = useQuery({ queryKey: ['notice', id], queryFn: () => api.notice(id) });
  const it = query.data;
  const run = useCommand((one) => it?.lines.find((line) => line.case === one)?.head_name ?? one.slice(0, 8));
  const [objecting, setObjecting] = useState<string | null>(null);
  const [changing, setChanging] = useState<'extend' | 'take_down' | null>(null);
  const print = (paper: string) => address(`/register/identification/notices/${id}/list.pdf`, { paper, language });
  const open = it?.mine && it.kind === 'publicity' && !it.closed_at;
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  const mayObject = it?.mine || session.data?.may.includes('review_in_village');
  return (
    <Drawer open onClose={close} size={820} title={it && (it.number ?? it.area_name)}>
      {it ? (
        <div data-testid="notice">
          <Space wrap style={{ marginBottom: 12 }}>
            <Button icon={<PrinterOutlined />} href={print('a4')} target="_blank">{t('print_a4')}</Button>
            <Button icon={<PrinterOutlined />} href={print('a3')} target="_blank">{t('print_a3')}</Button>
            <Button icon={<DownloadOutlined />} href={address(`/register/identification/notices/${id}/list.xlsx`)}>{t('list_xlsx')}</Button>
            {open && <><Button onClick={() => setChanging('extend')}>{t('extend_notice')}</Button><Button danger onClick={() => setChanging('take_down')}>{t('take_down')}</Button><Button type="primary" data-testid="close-notice" disabled={!it.has_run} onClick={() => run(() => api.closeNotice(it))}>{t('close_notice')}</Button></>}
          </Space>
          <dl className="facts">
            <dt>{t('state')}</dt><dd><NoticeState it={it} />{open && !it.has_run && `${t('days_left')} ${t('days_left_n', { n: it.days_left })}`}</dd>
            <dt>{it.kind === 'publicity' ? t('period') : t('announced_on')}</dt><dd>{it.kind === 'publicity' ? `${it.from} — ${it.until}` : it.from}</dd>
            <dt>{t('notice_place')}</dt><dd>{it.place}</dd>
            <dt>{it.kind === 'publicity' ? t('notice_contact') : t('contact')}</dt><dd>{it.contact}</dd>
            <dt>{t('posted_by')}</dt><dd>{it.posted_by}</dd>
            {it.extensions.map((one) => <Extension key={one.at} it={one} />)}
            {it.removed && <><dt>{t('taken_down_by')}</dt><dd>{it.removed.by} · {instant(it.removed.at)} · {it.removed.reason}</dd></>}
          </dl>
          <Photos it={it} />
          <Table size="small" rowKey="case" dataSource={it.lines} pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: 760 }} columns={[
            { title: t('index'), width: 60, align: 'right', render: (_, line) => it.lines.indexOf(line) + 1 },
            { title: t('head'), dataIndex: 'head_name', width: 120 },
            { title: t('address'), dataIndex: 'area_name' },
            { title: t('persons_n'), dataIndex: 'persons', width: 76, align: 'right' },
            { title: t('category'), dataIndex: 'category', width: 100, render: (value: string) => code('category', value) },
            { title: t('pathway'), dataIndex: 'pathway', width: 120, render: (value: string | null) => code('pathway', value) },
            ...(it.kind === 'publicity' ? [{ title: '', width: 100, render: (_: unknown, line: PublicityNotice['lines'][number]) => line.open_objections > 0 ? <Tag color="red">{t('suspended')}</Tag> : line.stands && mayObject && !it.has_run && !it.closed_at ? <Button size="small" type="link" data-testid="object" onClick={() => setObjecting(line.case)}>{t('object')}</Button> : null }] : []),
          ]} />
          {it.kind === 'publicity' && <ObjectionsTo notice={id} />}
        </div>
      ) : <Waiting query={query} />}
      {objecting && <TakeObjection notice={id} of={objecting} close={() => setObjecting(null)} />}
      {changing && it && <Change it={it} what={changing} close={() => setChanging(null)} />}
    </Drawer>
  );
}

const OBJECTION: Record<Objection['state'], string> = { open: 'orange', upheld: 'red', dismissed: 'default' };
function ObjectionTag({ state }: { state: Objection['state'] }) {
  const { code } = useWords();
  return <Tag color={OBJECTION[state]}>{code('objection_state', state)}</Tag>;
}

/** What was objected to households on a notice, with the answers. */
function ObjectionsTo({ notice }: { notice: string }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ['objections', { notice }], queryFn: () => api.objections({ notice, limit: 200 }) });
  if (!query.data || query.data.items.length === 0) return query.error ? <Waiting query={query} /> : null;
  return (
    <div style={{ marginTop: 16 }} data-testid="objections-to">
      <b>{t('objections')}</b>
      {query.data.items.map((one) => (
        <div key={one.id} style={{ marginTop: 8 }}>
          <ObjectionTag state={one.state} /> {one.head_name} {one.register_number} · {one.content}
          <div className="label">{one.from ?? t('objection_anonymous')} · {t('received')} {one.received_by} · {instant(one.received_at)}</div>
          {one.decided_by && <div>{t('answer')}: {one.answer} <span className="label">{one.decided_by}{one.decided_at && ` · ${instant(one.decided_at)}`}</span></div>}
        </div>
      ))}
    </div>
  );
}

function Extension({ it }: { it: PublicityNotice['extensions'][number] }) {
  const { t } = useWords();
  return <><dt>{t('extended_by')}</dt><dd>{it.from} — {it.until} · {it.by} · {it.reason}</dd></>;
}

function Change({ it, what, close }: { it: PublicityNotice; what: 'extend' | 'take_down'; close: () => void }) {
  const { t } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<{ from: string; reason: string }>();
  const title = what === 'extend' ? t('extend_notice') : t('take_down');
  const submit = async () => {
    const given = await filled(form);
    if (!given) return;
    const { from, reason } = given;
    if (await run(() => (what === 'extend' ? api.extendNotice(it, from, reason) : api.takeDownNotice(it, reason)))) close();
  };
  return (
    <Modal open title={title} okText={title} okButtonProps={{ danger: what === 'take_down' }} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <p className="label">{what === 'extend' ? t('extend_why') : t('take_down_why')}</p>
      <Form form={form} layout="vertical" initialValues={{ from: today() }}>
        {what === 'extend' && <Form.Item name="from" label={t('posted_really')} rules={[{ required: true }]}><Day min={it.from} /></Form.Item>}
        <Form.Item name="reason" label={t('reason')} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={3} maxLength={2000} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

function Photos({ it }: { it: PublicityNotice }) {
  const { t } = useWords();
  const { message } = App.useApp();
  const run = useCommand();
  const [day, setDay] = useState(today());
  const add = async (file: File) => {
    if (file.size > PHOTO_LIMIT) message.error(t('photo_too_large'));
    else await run(() => api.addNoticePhoto(it.id, day, file));
  };
  if (!it.mine && it.photos.length === 0) return null;
  return (
    <div style={{ margin: '12px 0' }}>
      <Space wrap align="center">
        <b>{t('photos')}</b>
        {it.mine && <><span className="label">{t('photo_day')}</span><Day width={150} max={today()} value={day} onChange={setDay} /><Upload accept="image/jpeg,image/png,image/webp" showUploadList={false} beforeUpload={(file) => { void add(file); return false; }}><Button icon={<PlusOutlined />} disabled={!day}>{t('add_photo')}</Button></Upload></>}
      </Space>
      {it.photos.length > 0 && (
        <div style={{ marginTop: 8 }}>
          <Image.PreviewGroup>
            <Space wrap>{it.photos.map((photo) => <figure key={photo.hash} style={{ margin: 0 }}><Image width={120} height={90} style={{ objectFit: 'cover' }} src={address(`/register/identification/notices/${it.id}/photos/${photo.hash}`)} alt={photo.taken_on} /><figcaption className="label">{photo.taken_on} · {photo.by}</figcaption></figure>)}</Space>
          </Image.PreviewGroup>
        </div>
      )}
    </div>
  );
}

function TakeObjection({ notice, of, close }: { notice: string; of: string; close: () => void }) {
  const { t } = useWords();
  const run = useCommand();
  const [form] = Form.useForm<{ from?: string; content: string }>();
  const submit = async () => {
    const values = await filled(form);
    if (!values) return;
    if (await run(() => api.object(notice, { case: of, ...values }))) close();
  };
  return (
    <Modal open title={t('object')} okText={t('object')} cancelText={t('cancel')} onOk={submit} onCancel={close}>
      <p className="label">{t('objection_suspends')}</p>
      <Form form={form} layout="vertical">
        <Form.Item name="from" label={t('objection_from')}><Input maxLength={50} /></Form.Item>
        <Form.Item name="content" label={t('objection_content')} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={4} maxLength={2000} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

function Objections() {
  const { t, code } = useWords();
  const run = useCommand();
  const { filters, set } = useFilters();
  const [trail, setTrail] = useState<string[]>([]);
  const [shown, setShown] = useState<Objection | null>(null);
  const [answer, setAnswer] = useState('');
  const state = filters.show === 'all' ? undefined : 'open';
  const query = useQuery({ queryKey: ['objections', filters.area, state, trail.at(-1)], queryFn: () => api.objections({ area: filters.area, state, after: trail.at(-1), limit: 50 }) });
  const objections = query.data?.items ?? [];
  const decide = async (upheld: boolean) => {
    if (shown && (await run(() => api.answerObjection(shown, upheld, answer)))) { setShown(null); setAnswer(''); }
  };
  return (
    <>
      <div className="filters"><Select style={{ width: 120 }} value={filters.show ?? 'open'} onChange={(next) => { setTrail([]); set({ show: next === 'open' ? null : next }); }} options={[{ value: 'open', label: t('objections_open') }, { value: 'all', label: t('objections_all') }]} /></div>
      {objections.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<Objection>
          size="small" rowKey="id" dataSource={objections} pagination={false} scroll={{ x: 860 }} rowClassName="clickable" onRow={(row) => ({ onClick: () => setShown(row) })}
          columns={[
            { title: t('head'), width: 200, render: (_, row) => `${row.head_name} ${row.register_number}` },
            { title: t('address'), dataIndex: 'area_name', width: 190 },
            { title: t('objection_content'), dataIndex: 'content' },
            { title: t('received'), width: 210, render: (_, row) => `${row.received_by} · ${instant(row.received_at)}` },
            { title: t('state'), dataIndex: 'state', width: 90, render: (one: Objection['state']) => <ObjectionTag state={one} /> },
          ]}
        />
      )}
      <div className="pages">
        <Button disabled={trail.length === 0} onClick={() => setTrail(trail.slice(0, -1))}>{t('previous_page')}</Button>
        <Button disabled={!query.data?.next} onClick={() => query.data?.next && setTrail([...trail, query.data.next])}>{t('next_page')}</Button>
      </div>
      <Drawer open={shown !== null} onClose={() => setShown(null)} size={480} title={shown && `${shown.head_name} ${shown.register_number}`}>
        {shown && (
          <>
            <dl className="facts"><dt>{t('objector')}</dt><dd>{shown.from ?? t('objection_anonymous')}</dd><dt>{t('received')}</dt><dd>{shown.received_by} · {instant(shown.received_at)}</dd><dt>{t('objection_content')}</dt><dd>{shown.content}</dd>{shown.decided_by && <><dt>{t('answer')}</dt><dd>{code('objection_state', shown.state)} · {shown.answer} · {shown.decided_by}</dd></>}</dl>
            {shown.mine && (
              <div style={{ marginTop: 16 }}>
                <p className="label">{t('objection_decide_why')}</p>
                <Input.TextArea rows={3} maxLength={2000} showCount value={answer} onChange={(event) => setAnswer(event.target.value)} placeholder={t('answer')} />
                <Space style={{ marginTop: 24 }}>
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
