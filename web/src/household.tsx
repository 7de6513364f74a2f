// The household page: members, home, consent, what is open, where it goes and why, history.

import { ArrowLeftOutlined, EditOutlined, EyeOutlined, PrinterOutlined } from '@ant-design/icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Alert, App, Button, Dropdown, Form, Input, Modal, Select, Space, Spin, Table, Tabs, Tag, Timeline } from 'antd';
import { Fragment, lazy, Suspense, useState, type ReactNode } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';

import { OnRoster } from './amendment';
import { address, api } from './api/client';
import type { HouseholdDetail, Purpose } from './api/types';
import { FormerPlaces } from './areas';
import { CategoryPanel } from './category';
import { filled } from './command';
import { Happened, Operate, type Operation } from './household/changes';
import { Consents } from './household/consent';
import { Documents } from './household/documents';
import { HOUSEHOLD_FIELDS, MEMBER_FIELDS, fieldName, read, specOf, type FieldSpec } from './household/fields';
import { EditHousehold, useShown } from './household/form';
import { Income } from './household/income';
import { decimal, instant, kilometres, tenThousandYuan, useWords, whole as count } from './language';
import { Steps } from './identification';
import { Choice, Severity, Title, Waiting } from './parts';
import { Destination } from './register';

// The map is large and is loaded when a home is looked at.
const Place = lazy(() => import('./household/place'));

export default function HouseholdPage() {
  const { id = '' } = useParams();
  const { t, code, language } = useWords();
  const [parameters, setParameters] = useSearchParams();
  const query = useQuery({ queryKey: ['household', id], queryFn: () => api.household(id) });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  // Kept by the page alone, never in the client's store: it goes with the page, and belongs to this household only.
  const [whole, setWhole] = useState<HouseholdDetail | null>(null);
  const [editing, setEditing] = useState(false);
  const [operation, setOperation] = useState<Operation | null>(null);
  if (!query.data) return <Waiting query={query} />;
  const it = whole?.id === id ? whole : query.data;
  const may = session.data?.may.includes('edit_register') ?? false;
  const mayUnmask = session.data?.may.includes('unmask_data') ?? false;
  const active = it.status === 'active';
  const operations: Operation[] = active ? ['split', 'merge', 'move', 'cancel'] : it.status === 'cancelled' ? ['reinstate'] : [];
  return (
    <div data-testid="household-page">
      <Title extra={(
        <Space wrap>
          {may && active && <Button size="small" type="primary" icon={<EditOutlined />} onClick={() => setEditing(true)} data-testid="edit-household">{t('edit_household')}</Button>}
          {may && operations.length > 0 && <Dropdown menu={{ items: operations.map((one) => ({ key: one, label: t(`op_${one}`), danger: one === 'cancel' })), onClick: ({ key }) => setOperation(key as Operation) }}><Button size="small">{t('more')}</Button></Dropdown>}
          {!it.unmasked && mayUnmask && <Unmask id={id} onShown={setWhole} />}
          <Button size="small" icon={<PrinterOutlined />} href={address(`/register/households/${id}/card.pdf`, { language })} target="_blank" data-testid="print-card">{t('print_card')}</Button>
          <Link to="/register"><ArrowLeftOutlined /> {t('back')}</Link>
        </Space>
      )}>
        {it.head_name} <Tag style={{ marginLeft: 8 }}>{it.register_number}</Tag><Tag color="green">{code('category', it.category)}</Tag>{it.must_move && <Tag color="volcano">{t('must_move')}</Tag>}{!active && <Tag color="red">{code('household_status', it.status)}</Tag>}
      </Title>
      {it.unmasked && <Alert type="warning" showIcon title={t('unmasked_now')} action={<Button size="small" onClick={() => setWhole(null)}>{t('mask_again')}</Button>} style={{ marginBottom: 12 }} />}
      <Tabs activeKey={parameters.get('tab') ?? 'overview'} onChange={(tab) => setParameters({ tab }, { replace: true })} items={[
        { key: 'overview', label: t('overview'), children: <Overview it={it} mayReadLedger={session.data?.may.includes('read_ledger') ?? false} /> },
        { key: 'income', label: t('income'), children: <div className="panel"><Income household={id} may={may && active} /></div> },
        { key: 'consent', label: t('consent'), children: <Consents household={it} may={may} /> },
        { key: 'documents', label: t('documents'), children: <div className="panel"><Documents household={it} may={may} mayUnmask={mayUnmask} /></div> },
        { key: 'history', label: t('history'), children: <div className="panel"><History household={it} reads={session.data?.may.includes('read_ledger') ?? false} /></div> },
      ]} />
      {editing && <EditHousehold household={query.data} close={() => setEditing(false)} />}
      {operation && <Operate household={query.data} operation={operation} close={() => setOperation(null)} />}
    </div>
  );
}

const UNITS: Record<string, string> = { 'home.area_m2': ' m²', 'home.homestead_m2': ' m²', 'living.road_distance_km': ' km' };

/** The fields of a group that hold a value, with their names. */
function Recorded({ fields, it, children }: { fields: FieldSpec[]; it: HouseholdDetail; children?: ReactNode }) {
  const { code } = useWords();
  const shown = useShown();
  const filled = fields.map((field) => ({ field, value: read(it, field.path) })).filter(({ value }) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0));
  if (filled.length === 0 && !children) return <span className="label">—</span>;
  return <dl className="facts">{children}{filled.map(({ field, value }) => <Fragment key={field.path}><dt>{code('household_field', field.path)}</dt><dd>{shown(field, value)}{UNITS[field.path]}</dd></Fragment>)}</dl>;
}

function Overview({ it, mayReadLedger }: { it: HouseholdDetail; mayReadLedger: boolean }) {
  const { t, code, of } = useWords();
  return (
    <div className="grid">
      <CategoryPanel household={it.id} category={it.category} />
      <div className="panel w4">
        <h2>{t('household_facts')}</h2>
        <Recorded fields={HOUSEHOLD_FIELDS.household_facts.filter((field) => field.path !== 'category')} it={it}><dt>{t('address')}</dt><dd>{it.area_name}<FormerPlaces household={it.id} /></dd></Recorded>
      </div>
      <div className="panel w4">
        <h2>{t('home')}</h2>
        <Recorded fields={HOUSEHOLD_FIELDS.home.filter((field) => !field.path.startsWith('position'))} it={it} />
        <h2 style={{ marginTop: 16 }}>{t('land_and_living')}</h2>
        <Recorded fields={HOUSEHOLD_FIELDS.land_and_living} it={it} />
      </div>
      <div className="panel w4">
        <h2>{t('map_of_home')}</h2>
        {it.position ? (
          <>
            <Suspense fallback={<Spin />}><Place longitude={it.position.longitude} latitude={it.position.latitude} /></Suspense>
            <Link to={`/map?longitude=${it.position.longitude}&latitude=${it.position.latitude}`}>{decimal(it.position.longitude, 5)}°, {decimal(it.position.latitude, 5)}° · {t('full_map')}</Link>
          </>
        ) : <span className="label">{t('no_position')}</span>}
      </div>
      <div className="panel w6">
        <h2>{t('consent')}</h2>
        {it.consent ? <><Choice code={it.consent.choice} /> {it.consent.pathway && code('pathway', it.consent.pathway)} <span className="label">{it.consent.signer} · {it.consent.date}</span></> : <span className="label">{t('no_consent')}</span>}
        <h2 style={{ marginTop: 16 }}>{t('where_why')}</h2>
        {it.assignment ? (
          <>
            <p style={{ marginTop: 0 }}><Destination to={it.destination} /> {it.assignment.to === 'site' && `${kilometres(it.assignment.distance_m)} km`}</p>
            <p>{of(it.assignment.explanation)}</p>
            {it.assignment.next_best_name && <p className="label">{t('next_best')} {it.assignment.next_best_name} · {t('extra')} {tenThousandYuan(it.assignment.next_best_extra ?? 0)} {t('wan')}</p>}
          </>
        ) : <span className="label">{it.consent && it.consent.choice !== 'move' ? code('consent_choice', it.consent.choice) : t('no_plan_yet')}</span>}
      </div>
      <div className="panel w6">
        <h2>{t('lookback')}</h2>
        {it.items.length === 0 ? <span className="label">{t('no_items')}</span> : it.items.map((item) => (
          <Alert key={item.id} style={{ marginBottom: 8 }} type={item.state === 'open' ? 'warning' : 'info'} title={<><Severity code={item.severity} />{of(item.rule_name)} <Tag>{code('item_state', item.state)}</Tag></>} description={of(item.explanation)} />
        ))}
      </div>
      <div className="panel w12">
        <h2>{t('members')} ({it.members.length})</h2>
        <Table size="small" rowKey="id" dataSource={it.members} pagination={false} scroll={{ x: 860 }}
          expandable={{ expandedRowRender: (member) => <MemberMore member={member} /> }}
          columns={[
            { title: t('person_name'), dataIndex: 'name' },
            { title: t('relation'), dataIndex: 'relation', render: (value: string) => code('relation', value) },
            { title: t('sex'), dataIndex: 'sex', render: (value: string) => code('sex', value) },
            { title: t('born'), dataIndex: 'birth_month', render: (month: string | null, person: HouseholdDetail['members'][number]) => person.birth_date ?? month },
            { title: t('id_number'), dataIndex: 'id_number' },
            { title: t('ethnicity'), dataIndex: 'ethnicity', render: (value: string | null) => code('ethnicity', value) },
            { title: t('education'), dataIndex: 'education', render: (value: string | null) => code('education', value) },
            { title: t('health'), dataIndex: 'health', render: (values: string[]) => values.map((value) => code('health', value)).join('、') },
            { title: t('labour'), dataIndex: 'labour', render: (value: string | null) => code('labour', value) },
          ]} />
      </div>
      <Happened household={it} />
      {it.identification.length > 0 && (
        <div className="panel w12">
          <h2>{t('case_steps')}</h2>
          {it.identification.map((one) => (
            <Fragment key={one.id}>
              <Steps taken={one.taken} waits={one.step} />
              {mayReadLedger && <p style={{ marginTop: 0 }}><Link to={`/ledger?kind=identification_case&subject=${one.id}`}>{t('case_ledger')}</Link></p>}
            </Fragment>
          ))}
        </div>
      )}
      <OnRoster household={it} />
    </div>
  );
}

/** What is recorded of a member beside what the table shows. */
function MemberMore({ member }: { member: HouseholdDetail['members'][number] }) {
  const { code } = useWords();
  const shown = useShown();
  const told = ['name', 'relation', 'sex', 'birth_date', 'id_number', 'ethnicity', 'education', 'health', 'labour'];
  const more = MEMBER_FIELDS.filter((field) => !told.includes(field.path)).map((field) => ({ field, value: read(member, field.path) })).filter(({ value }) => value !== null && value !== undefined);
  if (more.length === 0) return <span className="label">—</span>;
  return <dl className="facts">{more.map(({ field, value }) => <Fragment key={field.path}><dt>{code('household_field', `members.${field.path}`)}</dt><dd>{shown(field, value)}</dd></Fragment>)}</dl>;
}

/** Every change of a household in the names people read. */
function History({ household, reads }: { household: HouseholdDetail; reads: boolean }) {
  const { t, code } = useWords();
  const shown = useShown();
  const query = useQuery({ queryKey: ['household-history', household.id], queryFn: () => api.householdHistory(household.id) });
  if (!query.data) return <Waiting query={query} />;
  return (
    <Timeline items={query.data.map((change) => ({
      key: change.index,
      content: (
        <div>
          <b>{instant(change.at)}</b> · {change.actor} · {t('version', { n: change.version })} {reads && <Link to={`/ledger/entries/${change.index}`}><Tag>{t('ledger_entry', { n: count(change.index) })}</Tag></Link>}
          {change.reason && <div>{change.reason}</div>}
          {change.changed.length === 0 ? <div className="label">{change.version === 1 ? t('recorded_first') : ''}</div> : (
            <ul className="changes">{change.changed.map((field) => {
              const member = /^members\.\d+$/.test(field.field);
              const label = member ? `${code('household_field', 'members')} · ${field.before === null ? t('member_joined') : t('member_left')}` : code('household_field', fieldName(field.field));
              return <li key={field.field + String(field.after)}>{label}: {member ? String(field.after ?? field.before) : <>{shown(specOf(field.field), field.before)} → {shown(specOf(field.field), field.after)}</>}</li>;
            })}</ul>
          )}
        </div>
      ),
    }))} />
  );
}

/** Asks for the purpose before personal data is shown, or printed, as it is. */
function Unmask({ id, onShown }: { id: string; onShown: (household: HouseholdDetail) => void }) {
  const { t, options, problem, language } = useWords();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ purpose: Purpose; note?: string }>();
  const purpose = Form.useWatch('purpose', form);
  const show = useMutation({
    mutationFn: (need: { purpose: Purpose; note?: string }) => api.unmaskHousehold(id, need.purpose, need.note ?? ''),
    onSuccess: (household) => { setOpen(false); onShown(household); },
    onError: (error) => message.error(problem(error)),
  });
  const print = useMutation({
    mutationFn: (need: { purpose: Purpose; note?: string }) => api.unmaskedCard(id, language, need),
    onSuccess: (file) => {
      setOpen(false);
      const link = document.createElement('a');
      link.href = URL.createObjectURL(file);
      link.download = 'household-card.pdf';
      link.click();
      URL.revokeObjectURL(link.href);
    },
    onError: (error) => message.error(problem(error)),
  });
  return (
    <>
      <Button size="small" icon={<EyeOutlined />} onClick={() => setOpen(true)} data-testid="unmask">{t('unmask')}</Button>
      <Modal open={open} title={t('unmask')} onCancel={() => setOpen(false)} footer={<><Button onClick={() => setOpen(false)}>{t('cancel')}</Button><Button icon={<PrinterOutlined />} loading={print.isPending} data-testid="print-whole" onClick={async () => { const need = await filled(form); if (need) print.mutate(need); }}>{t('print_card_whole')}</Button><Button type="primary" loading={show.isPending} onClick={() => form.submit()}>{t('unmask')}</Button></>}>
        <p className="label">{t('unmask_help')} {t('print_card_help')}</p>
        <Form form={form} layout="vertical" onFinish={(need) => show.mutate(need)}>
          <Form.Item name="purpose" label={t('purpose')} rules={[{ required: true }]}><Select options={options('purpose')} /></Form.Item>
          <Form.Item name="note" label={t('note')} rules={[{ required: purpose === 'other', whitespace: true }]}><Input.TextArea maxLength={200} showCount rows={2} /></Form.Item>
        </Form>
      </Modal>
    </>
  );
}
