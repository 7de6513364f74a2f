// Consent of a household: the one that stands, those before, recording and withdrawing; counted by village.

import { ArrowLeftOutlined, DeleteOutlined, DownloadOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Checkbox, Drawer, Form, Input, Modal, Select, Space, Table, Tag } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { address, api, Problem } from '../api/client';
import type { ConsentOnRecord, HouseholdDetail, NewConsent } from '../api/types';
import { today } from '../command';
import { instant, useWords, whole } from '../language';
import { Choice, Day, Title, Waiting } from '../parts';
import { FileChoice, proof } from './changes';

const NEEDED = [{ required: true }];

interface Edited extends Omit<NewConsent, 'signer' | 'date' | 'exceptions'> {
  signer_as: 'member' | 'representative';
  person?: string;
  signer_name?: string;
  basis?: string;
  date: string;
  exceptions?: NewConsent['exceptions'];
}

export function Consents({ household, may }: { household: HouseholdDetail; may: boolean }) {
  const { t, code } = useWords();
  const [open, setOpen] = useState<'record' | 'withdraw' | null>(null);
  const query = useQuery({ queryKey: ['household-consents', household.id], queryFn: () => api.householdConsents(household.id) });
  const nameOf = (person: string) => household.members.find((member) => member.id === person)?.name ?? '—';
  const active = household.status === 'active';
  return (
    <div data-testid="household-consents">
      {may && active && (
        <Space style={{ marginBottom: 12 }}>
          <Button type="primary" onClick={() => setOpen('record')} data-testid="record-consent">{t('record_consent')}</Button>
          {household.consent && <Button onClick={() => setOpen('withdraw')}>{t('withdraw_consent')}</Button>}
        </Space>
      )}
      {!query.data ? <Waiting query={query} /> : query.data.length === 0 ? <p className="label">{t('no_consent_yet')}</p> : query.data.map((one: ConsentOnRecord) => (
        <div key={one.id} className="panel" style={{ marginBottom: 10 }}>
          <Choice code={one.consent.choice} /> {one.consent.pathway && code('pathway', one.consent.pathway)} · {one.consent.date}{' '}
          <Tag color={one.stands ? 'green' : one.withdrawal ? 'red' : 'default'}>{one.stands ? t('stands_now') : one.withdrawal ? t('withdrawn') : t('former')}</Tag>
          <dl className="facts" style={{ marginTop: 8 }}>
            <dt>{t('signer')}</dt><dd>{one.consent.signer}{one.consent.witness ? ` · ${t('witness')} ${one.consent.witness}` : ''}{one.consent.taking ? ` · ${code('consent_taking', one.consent.taking)}` : ''}</dd>
            {one.preferred_township_name && <><dt>{t('preferred')}</dt><dd>{one.preferred_township_name}{one.consent.preferred_site ? ` · ${one.consent.preferred_site}` : ''}{one.consent.accepts_other_township ? ` · ${t('accepts_yes')}` : ''}</dd></>}
            {(one.consent.exceptions ?? []).length > 0 && <><dt>{t('exceptions')}</dt><dd>{one.consent.exceptions?.map((other) => `${nameOf(other.person)}: ${code('consent_choice', other.choice)}${other.pathway ? ` ${code('pathway', other.pathway)}` : ''}${other.reason ? ` (${other.reason})` : ''}`).join('; ')}</dd></>}
            {one.consent.evidence && <><dt>{t('evidence')}</dt><dd>{one.consent.evidence}</dd></>}
            {one.withdrawal && <><dt>{t('withdrawn')}</dt><dd>{one.withdrawal.date} · {one.withdrawal.reason}</dd></>}
            <dt>{t('recorded_by')}</dt><dd>{one.recorded_by} · {instant(one.recorded_at)}</dd>
          </dl>
        </div>
      ))}
      {open === 'record' && <Record household={household} close={() => setOpen(null)} />}
      {open === 'withdraw' && <Withdraw household={household} close={() => setOpen(null)} />}
    </div>
  );
}

function useSaved(household: string, close: () => void) {
  const { t, of, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [refused, setRefused] = useState<string[]>([]);
  return {
    refused,
    again: () => setRefused([]),
    onSuccess: (saved: HouseholdDetail) => {
      client.setQueryData(['household', household], saved);
      void client.invalidateQueries({ queryKey: ['household-consents', household] });
      void client.invalidateQueries({ queryKey: ['household-documents', household] });
      void client.invalidateQueries({ queryKey: ['household-history', household] });
      void message.success(t('corrected'));
      close();
    },
    onError: (error: unknown) => {
      if (error instanceof Problem && error.problems.length > 0) setRefused(error.problems.map((one) => of(one.detail)));
      else void message.error(problem(error));
      if (error instanceof Problem && error.code === 'version_conflict') void client.invalidateQueries({ queryKey: ['household', household] });
    },
  };
}

function Record({ household, close }: { household: HouseholdDetail; close: () => void }) {
  const { t, code, options } = useWords();
  const [form] = Form.useForm<Edited>();
  const [file, setFile] = useState<File | null>(null);
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const { refused, again, ...saved } = useSaved(household.id, close);
  const choice = Form.useWatch('choice', form);
  const signerAs = Form.useWatch('signer_as', form);
  const taking = Form.useWatch('taking', form);
  const send = useMutation({
    mutationFn: async (edited: Edited) => api.recordConsent(household.id, household.version, {
      choice: edited.choice, pathway: edited.pathway ?? null, preferred_township: edited.preferred_township ?? null, preferred_site: edited.preferred_site ?? null,
      accepts_other_township: edited.accepts_other_township ?? false, exceptions: edited.exceptions ?? [],
      signer: edited.signer_as === 'member' ? { as: 'member', person: edited.person ?? '' } : { as: 'representative', name: edited.signer_name ?? '', basis: edited.basis ?? '' },
      witness: edited.witness ?? null, taking: edited.taking, date: edited.date, evidence: edited.evidence ?? null, form: await proof(household.id, file, 'consent_form'),
    }),
    ...saved,
  });
  const people = household.members.map((member) => ({ value: member.id, label: `${member.name} · ${code('relation', member.relation)}` }));
  return (
    <Drawer open onClose={close} size="large" title={`${t('record_consent')} · ${household.register_number}`} extra={<Button type="primary" loading={send.isPending} onClick={() => form.submit()} data-testid="save-consent">{t('record')}</Button>}>
      {refused.map((text) => <Alert key={text} type="error" showIcon title={text} style={{ marginBottom: 8 }} />)}
      <Form form={form} layout="vertical" initialValues={{ signer_as: 'member', taking: 'written', date: today(), accepts_other_township: false, person: household.members[0]?.id }} onFinish={(edited) => { again(); send.mutate(edited); }}>
        <div className="fields">
          <Form.Item name="choice" label={t('choice')} rules={NEEDED}><Select options={options('consent_choice')} /></Form.Item>
          {choice === 'move' && (
            <>
              <Form.Item name="pathway" label={t('pathway')} rules={NEEDED}><Select options={options('pathway')} /></Form.Item>
              <Form.Item name="preferred_township" label={t('preferred')}><Select allowClear showSearch optionFilterProp="label" options={(areas.data ?? []).filter((area) => area.level === 'township').map((area) => ({ value: area.code, label: area.name }))} /></Form.Item>
              <Form.Item name="preferred_site" label={t('consent_site')}><Input maxLength={100} /></Form.Item>
              <Form.Item name="accepts_other_township" valuePropName="checked" label={t('other_township')}><Checkbox>{t('yes')}</Checkbox></Form.Item>
            </>
          )}
          <Form.Item name="signer_as" label={t('signer_as')}><Select options={[{ value: 'member', label: t('signer_member') }, { value: 'representative', label: t('signer_representative') }]} /></Form.Item>
          {signerAs === 'representative' ? (
            <>
              <Form.Item name="signer_name" label={t('signer')} rules={NEEDED}><Input maxLength={50} /></Form.Item>
              <Form.Item name="basis" label={t('basis')} rules={NEEDED}><Input maxLength={200} /></Form.Item>
            </>
          ) : <Form.Item name="person" label={t('signer')} rules={NEEDED}><Select options={people} /></Form.Item>}
          <Form.Item name="taking" label={t('taking')}><Select options={options('consent_taking')} /></Form.Item>
          <Form.Item name="witness" label={t('witness')} rules={taking === 'oral' ? NEEDED : []}><Input maxLength={50} /></Form.Item>
          <Form.Item name="date" label={t('date')} rules={NEEDED}><Day max={today()} /></Form.Item>
          <Form.Item name="evidence" label={t('evidence')}><Input maxLength={100} /></Form.Item>
          <Form.Item label={t('consent_form')}><FileChoice file={file} choose={setFile} /></Form.Item>
        </div>
        <h3>{t('exceptions')}</h3>
        <p className="label">{t('exceptions_help')}</p>
        <Form.List name="exceptions">
          {(rows, { add, remove }) => (
            <>
              {rows.map((row) => (
                <div key={row.key} className="fields line">
                  <Form.Item name={[row.name, 'person']} label={t('person_name')} rules={NEEDED}><Select options={people} /></Form.Item>
                  <Form.Item name={[row.name, 'choice']} label={t('choice')} rules={NEEDED}><Select options={options('consent_choice')} /></Form.Item>
                  <Form.Item name={[row.name, 'pathway']} label={t('pathway')}><Select allowClear options={options('pathway')} /></Form.Item>
                  <Form.Item name={[row.name, 'reason']} label={t('reason')}><Input maxLength={200} style={{ paddingBlock: 3 }} suffix={<Button type="text" size="small" icon={<DeleteOutlined />} aria-label={t('delete')} onClick={() => remove(row.name)} />} /></Form.Item>
                </div>
              ))}
              <Button icon={<PlusOutlined />} onClick={() => add({})}>{t('add_exception')}</Button>
            </>
          )}
        </Form.List>
      </Form>
    </Drawer>
  );
}

function Withdraw({ household, close }: { household: HouseholdDetail; close: () => void }) {
  const { t } = useWords();
  const [form] = Form.useForm<{ date: string; reason: string }>();
  const { refused, again, ...saved } = useSaved(household.id, close);
  const send = useMutation({
    mutationFn: (given: { date: string; reason: string }) => api.withdrawConsent(household.id, household.version, { date: given.date, reason: given.reason, evidence: null }),
    ...saved,
  });
  return (
    <Modal open title={t('withdraw_consent')} onCancel={close} onOk={() => form.submit()} confirmLoading={send.isPending} okText={t('withdraw_consent')}>
      {refused.map((text) => <Alert key={text} type="error" showIcon title={text} style={{ marginBottom: 8 }} />)}
      <Form form={form} layout="vertical" initialValues={{ date: today() }} onFinish={(given) => { again(); send.mutate(given); }}>
        <Form.Item name="date" label={t('date')} rules={[{ required: true }]}><Day max={today()} /></Form.Item>
        <Form.Item name="reason" label={t('op_reason')} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={2} maxLength={500} showCount /></Form.Item>
      </Form>
    </Modal>
  );
}

/** What the households of each village chose. */
export default function ConsentByVillage() {
  const { t, code } = useWords();
  const query = useQuery({ queryKey: ['consents-by-village'], queryFn: () => api.consentsByVillage({}) });
  const pathways = [...new Set((query.data ?? []).flatMap((village) => village.by_pathway.map((count) => count.code)))];
  const count = (title: string, field: 'households' | 'persons' | 'moving' | 'staying' | 'undecided' | 'unasked' | 'withdrawn') =>
    ({ title: <span className="unbroken">{title}</span>, dataIndex: field, align: 'right' as const, render: (value: number) => whole(value), sorter: (one: Record<typeof field, number>, other: Record<typeof field, number>) => one[field] - other[field] });
  return (
    <div data-testid="consents-page">
      <Title extra={<Space wrap><Button icon={<DownloadOutlined />} href={address('/register/consents.csv')}>{t('export_csv')}</Button><Link to="/register"><ArrowLeftOutlined /> {t('back')}</Link></Space>}>{t('consent_by_village')}</Title>
      {!query.data ? <Waiting query={query} /> : (
        <Table size="small" rowKey="area" dataSource={query.data} sticky scroll={{ x: 'max-content' }} pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }} columns={[
          { title: t('address'), dataIndex: 'name', fixed: 'left', width: 128 },
          count(t('households'), 'households'), count(t('persons_n'), 'persons'), count(code('consent_choice', 'move'), 'moving'), count(code('consent_choice', 'stay'), 'staying'),
          count(code('consent_choice', 'undecided'), 'undecided'), count(t('asked_none'), 'unasked'), count(t('withdrawn'), 'withdrawn'),
          ...pathways.map((pathway) => ({ title: <span className="unbroken">{code('pathway', pathway)}</span>, align: 'right' as const, render: (_: unknown, village: { by_pathway: { code: string; households: number }[] }) => whole(village.by_pathway.find((one) => one.code === pathway)?.households ?? 0) })),
        ]} />
      )}
    </div>
  );
}
