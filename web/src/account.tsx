// The own account: where one is signed in, and the second step at sign-in.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Modal, Popconfirm, Space, Table, Tag, Typography } from 'antd';
import { useState } from 'react';

import { api, Problem } from './api/client';
import type { Enrolment, OwnSession } from './api/types';
import { filled } from './command';
import { instant, useWords } from './language';
import { Title, Waiting } from './parts';

export default function AccountPage() {
  const { t } = useWords();
  return (
    <div data-testid="account">
      <Title>{t('my_account')}</Title>
      <div className="grid">
        <Sessions />
        <OwnPassword />
        <SecondStep />
        <OwnIdentity />
      </div>
    </div>
  );
}

/** A refusal as the signed-in user reads it: only the password can be wrong. */
function useRefusal() {
  const { t, problem } = useWords();
  return (error: unknown) => (error instanceof Problem && error.code === 'wrong_password' ? t('password_wrong') : problem(error));
}

function Sessions() {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ['sessions'], queryFn: api.sessions });
  const done = { onSuccess: () => client.invalidateQueries({ queryKey: ['sessions'] }), onError: (error: unknown) => message.error(problem(error)) };
  const end = useMutation({ mutationFn: (id: string) => api.endSession(id), ...done });
  const others = useMutation({ mutationFn: () => api.endOtherSessions(), ...done });
  if (!sessions.data) return <div className="panel w12"><Waiting query={sessions} /></div>;
  return (
    <div className="panel w12" data-testid="sessions">
      <h2>{t('sessions')}</h2>
      <Table size="small" rowKey="id" dataSource={sessions.data} pagination={false} scroll={{ x: 640 }} columns={[
        { title: t('device'), dataIndex: 'device', render: (device: string, row: OwnSession) => <>{device || '—'} {row.current && <Tag color="green">{t('this_session')}</Tag>}</> },
        { title: t('started'), dataIndex: 'created_at', width: 150, render: (at: string) => instant(at) },
        { title: t('last_used'), dataIndex: 'last_used', width: 120 },
        { title: t('signed_in_by'), dataIndex: 'through_provider', width: 100, render: (through: boolean) => t(through ? 'through_provider' : 'by_password') },
        { key: 'end', align: 'right' as const, render: (_: unknown, row: OwnSession) => !row.current && <Button size="small" onClick={() => end.mutate(row.id)}>{t('end_session')}</Button> },
      ]} />
      {sessions.data.length > 1 && <Button style={{ marginTop: 12 }} loading={others.isPending} onClick={() => others.mutate()}>{t('end_others')}</Button>}
    </div>
  );
}

function OwnPassword() {
  const { t } = useWords();
  const refusal = useRefusal();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<{ current: string; next: string }>();
  const change = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) => api.changePassword(current, next),
    onSuccess: () => { form.resetFields(); message.success(t('password_changed')); return client.invalidateQueries({ queryKey: ['sessions'] }); },
    onError: (error) => message.error(refusal(error)),
  });
  return (
    <div className="panel w12" data-testid="own-password">
      <h2>{t('own_password')}</h2>
      <Form form={form} layout="vertical" onFinish={(typed) => change.mutate(typed)}>
        <div className="fields">
          <Form.Item name="current" label={t('current_password')} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
          <Form.Item name="next" label={t('new_password')} extra={t('own_password_help')} rules={[{ required: true }, { min: 10, message: t('own_password_help') }]}><Input.Password autoComplete="new-password" /></Form.Item>
        </div>
        <Button htmlType="submit" loading={change.isPending}>{t('own_password')}</Button>
      </Form>
    </div>
  );
}

function SecondStep() {
  const { t } = useWords();
  const refusal = useRefusal();
  const { message } = App.useApp();
  const client = useQueryClient();
  const state = useQuery({ queryKey: ['second-factor'], queryFn: api.secondFactor });
  const [begun, setBegun] = useState<Enrolment | null>(null);
  const [codes, setCodes] = useState<string[]>([]);
  const onError = (error: unknown) => { message.error(refusal(error)); };
  const again = () => client.invalidateQueries({ queryKey: ['second-factor'] });
  const enrol = useMutation({ mutationFn: ({ password }: { password: string }) => api.enrolSecondFactor(password), onSuccess: setBegun, onError });
  const confirm = useMutation({
    mutationFn: ({ code }: { code: string }) => api.confirmSecondFactor(code),
    onSuccess: (given) => { setBegun(null); setCodes(given.recovery_codes); return again(); },
    onError,
  });
  const [leaving] = Form.useForm<{ password: string }>();
  const disable = useMutation({
    mutationFn: ({ password }: { password: string }) => api.disableSecondFactor(password),
    onSuccess: () => { leaving.resetFields(); return again(); },
    onError,
  });
  if (!state.data) return <div className="panel w12"><Waiting query={state} /></div>;
  const on = state.data.enabled;
  const password = <Form.Item name="password" rules={[{ required: true, message: t('required', { name: t('current_password') }) }]}><Input.Password placeholder={t('current_password')} autoComplete="current-password" /></Form.Item>;
  return (
    <div className="panel w12" data-testid="second-factor">
      <h2>{t('second_factor')} <Tag color={on ? 'green' : 'default'}>{t(on ? 'second_on' : 'second_off')}</Tag></h2>
      <p className="label">{t('second_factor_help')} {on && t('recovery_left', { n: state.data.recovery_codes_left })}</p>
      {on && (
        <Form form={leaving} layout="inline">
          {password}
          <Popconfirm title={t('sure')} onConfirm={async () => { const typed = await filled(leaving); if (typed) disable.mutate(typed); }}><Button danger loading={disable.isPending}>{t('disable')}</Button></Popconfirm>
        </Form>
      )}
      {!on && begun === null && (
        <Form layout="inline" onFinish={(typed: { password: string }) => enrol.mutate(typed)}>
          {password}
          <Button type="primary" htmlType="submit" loading={enrol.isPending}>{t('enable')}</Button>
        </Form>
      )}
      {!on && begun !== null && (
        <Space align="start" size={24} wrap>
          <img src={`data:image/svg+xml,${encodeURIComponent(begun.qr_svg)}`} alt={begun.uri} width={220} height={220} />
          <div>
            <p>{t('scan_help')}</p>
            <p>{t('secret')}: <Typography.Text code copyable>{begun.secret}</Typography.Text></p>
            <Form layout="inline" onFinish={(typed: { code: string }) => confirm.mutate(typed)}>
              <Form.Item name="code" rules={[{ required: true, message: t('required', { name: t('code_6') }) }]}><Input placeholder={t('code_6')} autoComplete="one-time-code" /></Form.Item>
              <Button type="primary" htmlType="submit" loading={confirm.isPending}>{t('second_confirm')}</Button>
            </Form>
          </div>
        </Space>
      )}
      <Modal open={codes.length > 0} title={t('recovery_codes')} onCancel={() => setCodes([])} onOk={() => setCodes([])} cancelButtonProps={{ hidden: true }}>
        <Alert type="warning" title={t('recovery_help')} style={{ marginBottom: 12 }} />
        <Typography.Paragraph copyable={{ text: codes.join('\n') }}><code style={{ whiteSpace: 'pre' }}>{codes.join('\n')}</code></Typography.Paragraph>
      </Modal>
    </div>
  );
}

/** The identity at the provider; nothing where there is no provider. */
function OwnIdentity() {
  const { t } = useWords();
  const provider = useQuery({ queryKey: ['provider'], queryFn: api.provider, staleTime: Infinity });
  const identity = useQuery({ queryKey: ['own-identity'], queryFn: api.ownIdentity });
  if (!provider.data || identity.data === undefined) return null;
  return (
    <div className="panel w12" data-testid="identity">
      <h2>{provider.data.name} <Tag color={identity.data ? 'green' : 'default'}>{t(identity.data ? 'identity_bound' : 'identity_none')}</Tag></h2>
      <p className="label">{t('identity_help')}</p>
      {identity.data && <dl className="facts"><dt>{t('identity_issuer')}</dt><dd>{identity.data.issuer}</dd><dt>{t('identity_subject')}</dt><dd><code>{identity.data.subject}</code></dd></dl>}
    </div>
  );
}
