// The frame of every page: navigation, language, who is signed in.

import {
  AimOutlined, AuditOutlined, BankOutlined, ClockCircleOutlined, FileProtectOutlined, FormOutlined, HomeOutlined, LogoutOutlined, MenuOutlined, ProfileOutlined,
  SafetyCertificateOutlined, NotificationOutlined, SolutionOutlined, TableOutlined, TeamOutlined, ApartmentOutlined, CheckSquareOutlined, PartitionOutlined, UserOutlined, WarningOutlined,
} from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Divider, Drawer, Form, Input, Layout, Menu, Segmented, Space, Spin, Typography } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { Link, Outlet, useLocation, useNavigationType, useSearchParams } from 'react-router';

import { api, Problem } from './api/client';
import type { SessionUser } from './api/types';
import { useWords } from './language';

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1f6f5c" />
      <path d="M6 16 16 7l10 9" fill="none" stroke="#f3d9a4" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
      <path d="M9.5 15.5V25h13v-9.5M16 25v-6" fill="none" stroke="#fff" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}

export function LanguageSwitch() {
  const { language, setLanguage } = useWords();
  return (
    <Segmented
      size="small"
      data-testid="language"
      value={language}
      onChange={(value) => setLanguage(value)}
      options={[{ label: '中文', value: 'zh' as const }, { label: 'EN', value: 'en' as const }]}
    />
  );
}

/** Lets nobody through who is not signed in, and asks for a new password where that is due. */
export function Gate() {
  const { problem, t } = useWords();
  const session = useQuery({ queryKey: ['session'], queryFn: api.session, retry: false });
  if (session.isPending) return <Centre><Spin /></Centre>;
  if (session.error instanceof Problem && session.error.status === 401) return <SignIn />;
  if (session.error) {
    return <Centre><Alert type="error" title={problem(session.error)} action={<Button onClick={() => session.refetch()}>{t('retry')}</Button>} /></Centre>;
  }
  if (session.data.must_change_password) return <NewPassword user={session.data} />;
  return <Frame user={session.data} />;
}

/** In the middle; `whole` where nothing else is on the page. */
function Centre({ children, whole = false }: { children: ReactNode; whole?: boolean }) {
  return <div className={whole ? 'centre whole' : 'centre'}>{children}</div>;
}

function SignIn() {
  const { t, code: name, problem } = useWords();
  const client = useQueryClient();
  const [parameters, setParameters] = useSearchParams();
  // How a sign-in through the provider came back: with the code of a refusal, or waiting for the second step.
  const came = parameters.get('sign_in');
  const halfway = came === 'second_step';
  const provider = useQuery({ queryKey: ['provider'], queryFn: api.provider, staleTime: Infinity });
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [step, setStep] = useState(false);
  const submit = async ({ name, password, code }: { name: string; password: string; code?: string }) => {
    setBusy(true);
    try {
      if (halfway) await api.providerSecondStep(code ?? '');
      else await api.signIn(name, password, step ? code : undefined);
      setParameters({}, { replace: true });
      // What was read for whoever was signed in here before is not for the next person.
      client.removeQueries({ type: 'inactive' });
      await client.invalidateQueries({ queryKey: ['session'] });
    } catch (caught) {
      const asked = caught instanceof Problem && caught.code === 'second_step';
      if (asked) setStep(true);
      setError(asked && !step ? null : caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Centre whole>
      <div className="sign-in">
        <Space size={12}><Logo size={44} /><div><Typography.Title level={3} style={{ margin: 0 }}>{t('product')}</Typography.Title><Typography.Text type="secondary">{t('tagline')}</Typography.Text></div></Space>
        <Form layout="vertical" onFinish={submit} style={{ marginTop: 24 }} data-testid="sign-in">
          {error !== null && <Alert type="error" showIcon title={problem(error)} style={{ marginBottom: 16 }} />}
          {error === null && came !== null && !halfway && <Alert type="error" showIcon title={name('provider_refusal', came)} style={{ marginBottom: 16 }} data-testid="refused" />}
          {halfway && <Alert type="info" showIcon title={t('second_step_of_provider')} style={{ marginBottom: 16 }} />}
          {!halfway && <>
            <Form.Item name="name" label={t('name')} rules={[{ required: true }]}><Input autoFocus autoComplete="username" size="large" /></Form.Item>
            <Form.Item name="password" label={t('password')} rules={[{ required: true }]}><Input.Password autoComplete="current-password" size="large" /></Form.Item>
          </>}
          {(step || halfway) && <Form.Item name="code" label={t('code_6')} extra={t('code_hint')} rules={[{ required: true }]}><Input autoFocus autoComplete="one-time-code" size="large" /></Form.Item>}
          <Button type="primary" htmlType="submit" block size="large" loading={busy}>{t('sign_in')}</Button>
        </Form>
        {halfway && <Button type="link" block style={{ marginTop: 8 }} onClick={() => { setError(null); setParameters({}, { replace: true }); }}>{t('back_to_sign_in')}</Button>}
        {!halfway && provider.data && <>
          <Divider plain style={{ margin: '16px 0' }}>{t('or')}</Divider>
          <Button block size="large" href="/api/v1/session/provider/start" data-testid="provider">{t('sign_in_through', { name: provider.data.name })}</Button>
        </>}
        <div style={{ marginTop: 20, textAlign: 'right' }}><LanguageSwitch /></div>
      </div>
    </Centre>
  );
}

function NewPassword({ user }: { user: SessionUser }) {
  const { t, problem } = useWords();
  const client = useQueryClient();
  const [error, setError] = useState<unknown>(null);
  const submit = async ({ current, next }: { current: string; next: string }) => {
    try {
      await api.changePassword(current, next);
      await client.invalidateQueries({ queryKey: ['session'] });
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Centre whole>
      <div className="sign-in" data-testid="new-password">
        <Typography.Title level={4}>{t('change_password')}</Typography.Title>
        <Typography.Paragraph type="secondary">{user.display_name} · {t('change_password_why')}</Typography.Paragraph>
        <Form layout="vertical" onFinish={submit}>
          {error !== null && <Alert type="error" showIcon title={problem(error)} style={{ marginBottom: 16 }} />}
          <Form.Item name="current" label={t('current_password')} rules={[{ required: true }]}><Input.Password autoComplete="current-password" /></Form.Item>
          <Form.Item name="next" label={t('new_password')} rules={[{ required: true }, { min: 10, message: t('own_password_help') }]}><Input.Password autoComplete="new-password" /></Form.Item>
          <Button type="primary" htmlType="submit" block>{t('change_password')}</Button>
        </Form>
      </div>
    </Centre>
  );
}

function Frame({ user }: { user: SessionUser }) {
  const { t, of, code, problem } = useWords();
  const { message } = App.useApp();
  const place = useLocation();
  const [open, setOpen] = useState(false);
  const start = useQuery({ queryKey: ['start'], queryFn: api.start });
  const pages = [
    { key: '/', icon: <HomeOutlined />, label: t('start') },
    { key: '/register', icon: <ProfileOutlined />, label: t('register') },
    { key: '/hazard-points', icon: <WarningOutlined />, label: t('hazards') },
    ...(user.may.includes('read_casework') ? [{ key: '/acceptance', icon: <CheckSquareOutlined />, label: t('acceptance') }] : []),
    ...(user.may.includes('read_extracts') ? [{ key: '/department-data', icon: <BankOutlined />, label: t('department_data') }] : []),
    { key: '/identification', icon: <SolutionOutlined />, label: t('identification') },
    { key: '/publicity', icon: <NotificationOutlined />, label: t('publicity_desk') },
    { key: '/rosters', icon: <FileProtectOutlined />, label: t('rosters') },
    { key: '/amendments', icon: <FormOutlined />, label: t('amendments') },
    ...(user.may.includes('ask_bulk_change') || user.may.includes('approve_bulk_change') ? [{ key: '/bulk', icon: <TableOutlined />, label: t('bulk') }] : []),
    ...(user.may.includes('read_casework') ? [{ key: '/lookback', icon: <AuditOutlined />, label: t('lookback') }] : []),
    { key: '/map', icon: <AimOutlined />, label: t('map') },
    { key: '/plan', icon: <ApartmentOutlined />, label: t('plan') },
    { key: '/areas', icon: <PartitionOutlined />, label: t('areas') },
    { key: '/jobs', icon: <ClockCircleOutlined />, label: t('jobs') },
    ...(user.may.includes('read_ledger') ? [{ key: '/ledger', icon: <SafetyCertificateOutlined />, label: t('ledger') }] : []),
    ...(user.may.includes('manage_users') ? [{ key: '/users', icon: <TeamOutlined />, label: t('users') }] : []),
  ];
  const current = pages.map((page) => page.key).filter((key) => (key === '/' ? place.pathname === '/' : place.pathname.startsWith(key)));
  const title = place.pathname === '/account' ? t('my_account') : pages.find((page) => page.key === current.at(-1))?.label;
  useEffect(() => { document.title = title ? `${title} · ${t('product')}` : t('product'); }, [title, t]);
  // A page that is gone to begins at its top; going back keeps the place that the browser remembers.
  const way = useNavigationType();
  useEffect(() => { if (way !== 'POP') window.scrollTo(0, 0); }, [place.pathname, way]);
  const menu = (
    <Menu
      theme="dark"
      mode="inline"
      selectedKeys={current}
      items={pages.map((page) => ({ ...page, label: <Link to={page.key} data-testid={`nav-${page.key.slice(1) || 'start'}`}>{page.label}</Link> }))}
      onClick={() => setOpen(false)}
    />
  );
  const leave = async () => {
    try {
      const left = await api.signOut();
      // Loaded anew, the page keeps nothing of who was here. A session at the provider would sign the next person in
      // without asking.
      window.location.assign(left ? left.provider_address : '/');
    } catch (error) {
      message.error(problem(error));
    }
  };
  return (
    <Layout style={{ minHeight: '100vh' }}>
      <Layout.Sider width={184} className="side" breakpoint="lg" collapsedWidth={0} trigger={null}>
        <Link to="/" className="brand"><Logo /><span>{t('product')}</span></Link>
        {menu}
      </Layout.Sider>
      <Drawer placement="left" size={220} open={open} onClose={() => setOpen(false)} styles={{ body: { padding: 0, background: '#12352d' } }}>{menu}<Menu theme="dark" mode="inline" selectedKeys={place.pathname === '/account' ? ['account'] : []} items={[{ key: 'account', icon: <UserOutlined />, label: <Link to="/account">{t('my_account')}</Link> }]} onClick={() => setOpen(false)} /></Drawer>
      <Layout>
        <Layout.Header className="head">
          <Button className="burger" type="text" icon={<MenuOutlined />} onClick={() => setOpen(true)} aria-label={t('list')} />
          <strong>{start.data?.county.name}</strong>
          {start.data && <span className="pack" title={`${t('pack')} ${start.data.pack.id} ${start.data.pack.version}`}>{of(start.data.pack.name)}</span>}
          <span style={{ flex: 1 }} />
          <LanguageSwitch />
          <Link to="/account" className="who" data-testid="nav-account" title={t('my_account')}>{user.display_name} · {code('role', user.role)}</Link>
          <Button type="text" icon={<LogoutOutlined />} onClick={leave} aria-label={t('sign_out')}><span className="who">{t('sign_out')}</span></Button>
        </Layout.Header>
        <Layout.Content className="content"><Outlet /></Layout.Content>
      </Layout>
    </Layout>
  );
}
