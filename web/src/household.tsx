// The household page: members, home, consent, what is open, where it goes and why, history.

import { ArrowLeftOutlined, PrinterOutlined } from '@ant-design/icons';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Modal, Select, Table, Tag, Timeline } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { OnRoster } from './amendment';
import { address, api } from './api/client';
import { FormerPlaces } from './areas';
import type { HouseholdDetail } from './api/types';
import { CategoryPanel } from './category';
import { decimal, instant, kilometres, tenThousandYuan, useWords } from './language';
import { Steps } from './identification';
import { Choice, Severity, Title, Waiting } from './parts';
import { Destination } from './register';

export default function HouseholdPage() {
  const { id = '' } = useParams();
  const { t, code, of, language } = useWords();
  const query = useQuery({ queryKey: ['household', id], queryFn: () => api.household(id) });
  const history = useQuery({ queryKey: ['household-history', id], queryFn: () => api.householdHistory(id) });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  // Kept by the page alone, never in the client's store: it goes with the page, and belongs to this household only.
  const [whole, setWhole] = useState<HouseholdDetail | null>(null);
  if (!query.data) return <Waiting query={query} />;
  const it = whole?.id === id ? whole : query.data;
  const fact = (label: string, value: React.ReactNode) => <><dt>{label}</dt><dd>{value ?? '—'}</dd></>;
  return (
    <div data-testid="household-page">
      <Title extra={<><Button size="small" icon={<PrinterOutlined />} href={address(`/register/households/${id}/card.pdf`, { language })} target="_blank" data-testid="print-card">{t('print_card')}</Button><Link to="/register"><ArrowLeftOutlined /> {t('back')}</Link></>}>
        {it.head_name} <Tag style={{ marginLeft: 8 }}>{it.register_number}</Tag><Tag color="green">{code('category', it.category)}</Tag>{it.must_move && <Tag color="volcano">{t('must_move')}</Tag>}
      </Title>
      {it.unmasked
        ? <Alert type="warning" showIcon title={t('unmasked_now')} action={<Button size="small" onClick={() => setWhole(null)}>{t('mask_again')}</Button>} style={{ marginBottom: 12 }} />
        : session.data?.may.includes('unmask_data') && <Unmask id={id} onShown={setWhole} />}
      <div className="grid">
        <CategoryPanel household={id} category={it.category} />
        <div className="panel w4">
          <h2>{t('household_facts')}</h2>
          <dl className="facts">
            {fact(t('address'), <>{it.area_name}<FormerPlaces household={id} /></>)}
            {fact(t('causes'), it.causes.map((cause) => code('cause_of_move', cause)).join('、'))}
            {fact(t('urgency'), code('urgency', it.urgency))}
            {fact(t('hazard_point'), it.hazard_point)}
            {fact(t('poverty'), code('poverty_attribute', it.poverty_attribute))}
            {fact(t('main_cause'), code('poverty_cause', it.main_cause_of_poverty))}
            {fact(t('farmland'), it.farmland_mu_hundredths === null ? null : `${decimal(it.farmland_mu_hundredths / 100, 2)} ${t('mu')}`)}
            {fact(t('phone'), it.phone)}
            {fact(t('account'), it.bank_account)}
            {fact(t('place'), it.position && <Link to={`/map?longitude=${it.position.longitude}&latitude=${it.position.latitude}`}>{decimal(it.position.longitude, 5)}°, {decimal(it.position.latitude, 5)}°</Link>)}
          </dl>
        </div>
        <div className="panel w4">
          <h2>{t('home')}</h2>
          <dl className="facts">
            {fact(t('structure'), code('structure', it.home.structure))}
            {fact(t('grade'), code('safety_grade', it.home.grade))}
            {fact(t('home_area'), it.home.area_m2 === null ? null : `${decimal(it.home.area_m2, 0)} m²`)}
            {fact(t('built'), it.home.year_built)}
          </dl>
          <h2 style={{ marginTop: 16 }}>{t('consent')}</h2>
          {it.consent ? (
            <dl className="facts">
              {fact(t('choice'), <Choice code={it.consent.choice} />)}
              {fact(t('pathway'), code('pathway', it.consent.pathway))}
              {fact(t('preferred'), it.consent.preferred_township_name)}
              {fact(t('other_township'), it.consent.accepts_other_township ? t('yes') : t('no'))}
              {fact(t('signer'), `${it.consent.signer} · ${it.consent.date}`)}
              {fact(t('evidence'), it.consent.evidence)}
            </dl>
          ) : t('no_consent')}
        </div>
        <div className="panel w4">
          <h2>{t('where_why')}</h2>
          {it.assignment ? (
            <>
              <p style={{ marginTop: 0 }}><Destination to={it.destination} /> {it.assignment.to === 'site' && `${kilometres(it.assignment.distance_m)} km`}</p>
              <p>{of(it.assignment.explanation)}</p>
              {it.assignment.next_best_name && <p className="label">{t('next_best')} {it.assignment.next_best_name} · {t('extra')} {tenThousandYuan(it.assignment.next_best_extra ?? 0)} {t('wan')}</p>}
            </>
          ) : <span className="label">{it.consent && it.consent.choice !== 'move' ? code('consent_choice', it.consent.choice) : t('no_plan_yet')}</span>}
          <h2 style={{ marginTop: 16 }}>{t('lookback')}</h2>
          {it.items.length === 0 ? <span className="label">{t('no_items')}</span> : it.items.map((item) => (
            <Alert key={item.id} style={{ marginBottom: 8 }} type={item.state === 'open' ? 'warning' : 'info'} title={<><Severity code={item.severity} />{of(item.rule_name)} <Tag>{code('item_state', item.state)}</Tag></>} description={of(item.explanation)} />
          ))}
        </div>
        <div className="panel w12">
          <h2>{t('members')} ({it.members.length})</h2>
          <Table size="small" rowKey="id" dataSource={it.members} pagination={false} scroll={{ x: 860 }} columns={[
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
        {it.identification.length > 0 && (
          <div className="panel w12">
            <h2>{t('case_steps')}</h2>
            {it.identification.map((one) => <Steps key={one.id} taken={one.taken} waits={one.step} />)}
          </div>
        )}
        <OnRoster household={it} />
        <div className="panel w12">
          <h2>{t('history')}</h2>
          {history.data ? (
            <Timeline items={history.data.map((change) => ({
              key: change.index,
              content: (
                <div>
                  <b>{instant(change.at)}</b> · {change.actor} · {change.command} · {t('version', { n: change.version })} <Tag>#{change.index}</Tag>
                  <div className="label">{change.changed.length === 0 ? t('first_version') : change.changed.map((field) => `${field.field}: ${String(field.before ?? '—')} → ${String(field.after ?? '—')}`).join('; ')}</div>
                </div>
              ),
            }))} />
          ) : <Waiting query={history} />}
        </div>
      </div>
    </div>
  );
}

/** Asks for the purpose before personal data is shown, or printed, as it is. */
function Unmask({ id, onShown }: { id: string; onShown: (household: HouseholdDetail) => void }) {
  const { t, options, problem, language } = useWords();
  const { message } = App.useApp();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<{ purpose: string; note?: string }>();
  const purpose = Form.useWatch('purpose', form);
  const show = useMutation({
    mutationFn: (need: { purpose: string; note?: string }) => api.unmaskHousehold(id, need.purpose, need.note ?? ''),
    onSuccess: (household) => { setOpen(false); onShown(household); },
    onError: (error) => message.error(problem(error)),
  });
  const print = useMutation({
    mutationFn: (need: { purpose: string; note?: string }) => api.unmaskedCard(id, language, need),
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
    <div style={{ marginBottom: 12 }}>
      <Button size="small" onClick={() => setOpen(true)} data-testid="unmask">{t('unmask')}</Button>
      <Modal open={open} title={t('unmask')} onCancel={() => setOpen(false)} footer={<><Button onClick={() => setOpen(false)}>{t('cancel')}</Button><Button icon={<PrinterOutlined />} loading={print.isPending} data-testid="print-whole" onClick={async () => print.mutate(await form.validateFields())}>{t('print_card_whole')}</Button><Button type="primary" loading={show.isPending} onClick={() => form.submit()}>{t('unmask')}</Button></>}>
        <p className="label">{t('unmask_help')} {t('print_card_help')}</p>
        <Form form={form} layout="vertical" onFinish={(need) => show.mutate(need)}>
          <Form.Item name="purpose" label={t('purpose')} rules={[{ required: true, message: t('purpose') }]}><Select options={options('purpose')} /></Form.Item>
          <Form.Item name="note" label={t('note')} rules={[{ required: purpose === 'other', whitespace: true, message: t('note') }]}><Input.TextArea maxLength={200} showCount rows={2} /></Form.Item>
        </Form>
      </Modal>
    </div>
  );
}
