// Users, for the administrator: who there is, where they are signed in, and what each role may do.

import { DownOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Dropdown, Form, Input, Modal, Select, Space, Table, Tabs, Tag, TreeSelect, Typography, type MenuProps } from 'antd';
import { useState } from 'react';

import { api } from './api/client';
import type { Action, Area, NewUser, OwnSession, Role, User } from './api/types';
import { instant, useWords, whole } from './language';
import { areaTree, Title, Waiting, Wrong, type AreaNode } from './parts';
import { useFilters } from './query';
import type { Key } from './texts';

type Edit = Pick<NewUser, 'role' | 'area' | 'department' | 'display_name'>;

export default function UsersPage() {
  const { t } = useWords();
  const { filters, set } = useFilters();
  const [adding, setAdding] = useState(false);
  return (
    <div data-testid="users">
      <Title extra={<Button type="primary" onClick={() => setAdding(true)} data-testid="add-user">{t('add_user')}</Button>}>{t('users')}</Title>
      <div className="panel">
        <Tabs
          activeKey={filters.tab ?? 'users'}
          onChange={(tab) => set({ tab: tab === 'users' ? null : tab })}
          items={[
            { key: 'users', label: t('users'), children: <Users /> },
            { key: 'rights', label: t('rights'), children: <Rights /> },
          ]}
        />
      </div>
      <AddUser open={adding} close={() => setAdding(false)} />
    </div>
  );
}

/** Whether a user is one that is looked for. */
export function fits(user: User, filters: Record<string, string | undefined>): boolean {
  const text = filters.search?.trim().toLowerCase() ?? '';
  const state = user.disabled ? 'disabled' : user.locked_until !== null ? 'locked' : 'active';
  return (
    (text === '' || user.name.toLowerCase().includes(text) || user.display_name.toLowerCase().includes(text)) &&
    (filters.role === undefined || user.role === filters.role) &&
    (filters.area === undefined || user.area.startsWith(filters.area)) &&
    (filters.state === undefined || state === filters.state)
  );
}

function Users() {
  const { t, code, options, problem } = useWords();
  const { message, modal } = App.useApp();
  const client = useQueryClient();
  const { filters, set } = useFilters();
  const [edited, setEdited] = useState<User | null>(null);
  const [binding, setBinding] = useState<User | null>(null);
  const [watched, setWatched] = useState<User | null>(null);
  const [temporary, setTemporary] = useState<{ name: string; password: string } | null>(null);
  const users = useQuery({ queryKey: ['users'], queryFn: api.users });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  const provider = useQuery({ queryKey: ['provider'], queryFn: api.provider, staleTime: Infinity });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const again = () => client.invalidateQueries({ queryKey: ['users'] });
  const onError = (error: unknown) => { message.error(problem(error)); return again(); };
  const act = useMutation({ mutationFn: (change: () => Promise<unknown>) => change(), onSuccess: () => { message.success(t('saved')); return again(); }, onError });
  const reset = useMutation({
    mutationFn: (user: User) => api.resetPassword(user),
    onSuccess: (given) => { setTemporary({ name: given.account.name, password: given.password }); return again(); },
    onError,
  });
  const sure = (what: string, run: () => void) => modal.confirm({ title: t('sure'), content: what, onOk: run });
  if (!users.data) return <Waiting query={users} />;
  const shown = users.data.filter((user) => fits(user, filters));
  const menu = (user: User): MenuProps['items'] => {
    const own = user.id === session.data?.id;
    const item = (key: string, label: string, run: () => void, danger = false) => ({ key, label, danger, onClick: run });
    const asking = (key: string, label: string, run: () => void, danger = false) => item(key, label, () => sure(`${label}: ${user.name}`, run), danger);
    return [
      ...(user.locked_until !== null ? [item('unlock', t('unlock'), () => act.mutate(() => api.unlockUser(user)))] : []),
      item('sessions', t('user_sessions'), () => setWatched(user)),
      ...(provider.data ? [user.identity === null
        ? item('bind', t('bind_identity'), () => setBinding(user))
        : asking('unbind', t('unbind_identity'), () => act.mutate(() => api.unbindIdentity(user)))] : []),
      ...(own ? [] : [
        asking('reset', t('reset_password'), () => reset.mutate(user)),
        ...(user.second_factor ? [asking('second', t('remove_second'), () => act.mutate(() => api.removeSecondFactor(user)))] : []),
        user.disabled
          ? item('enable', t('enable'), () => act.mutate(() => api.enableUser(user)))
          : asking('disable', t('disable'), () => act.mutate(() => api.disableUser(user)), true),
      ]),
    ];
  };
  return (
    <>
      <div className="filters">
        <Input.Search allowClear style={{ width: 220 }} placeholder={t('search_users')} defaultValue={filters.search ?? ''} onSearch={(search) => set({ search })} onChange={(event) => set({ search: event.target.value })} data-testid="search-users" />
        <Select allowClear style={{ width: 190 }} placeholder={t('all_roles')} value={filters.role ?? null} onChange={(role: string | null) => set({ role })} options={options('role').filter((role) => role.value !== 'public')} />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('area')} value={filters.area ?? null} onChange={(area: string | null) => set({ area })} treeData={areaTree(areas.data ?? [])} />
        <Select allowClear style={{ width: 140 }} placeholder={t('any_state')} value={filters.state ?? null} onChange={(state: string | null) => set({ state })} options={(['active', 'locked', 'disabled'] as const).map((state) => ({ value: state, label: t(state) }))} />
        <span className="label">{t('shown_of', { n: whole(shown.length), total: whole(users.data.length) })}</span>
      </div>
      <Table<User> size="small" rowKey="id" dataSource={shown} scroll={{ x: 860 }} locale={{ emptyText: t('no_users') }} pagination={{ pageSize: 30, hideOnSinglePage: true, showSizeChanger: false }} columns={[
        { title: t('name'), dataIndex: 'name', sorter: (a, b) => a.name.localeCompare(b.name) },
        { title: t('display_name'), dataIndex: 'display_name', sorter: (a, b) => a.display_name.localeCompare(b.display_name, 'zh') },
        { title: t('role'), dataIndex: 'role', render: (role: string, user) => <>{code('role', role)}{user.department && <div className="label">{code('department', user.department)}</div>}</> },
        { title: t('area'), dataIndex: 'area_name', render: (name: string, user) => (name === user.area ? t('superior_area', { code: user.area }) : name), sorter: (a, b) => a.area.localeCompare(b.area) },
        { title: t('account_state'), key: 'state', render: (_, user) => (
          <Space size={4} wrap>
            {user.disabled ? <Tag>{t('disabled')}</Tag> : <Tag color="green">{t('active')}</Tag>}
            {user.locked_until !== null && <Tag color="red">{t('locked_until', { time: instant(user.locked_until) })}</Tag>}
            {user.second_factor && <Tag color="blue">{t('second_factor')}</Tag>}
            {user.identity !== null && <Tag color="purple" title={user.identity.subject}>{t('identity')}</Tag>}
          </Space>
        ) },
        { title: t('sessions'), dataIndex: 'sessions', align: 'right', width: 80 },
        { key: 'actions', align: 'right', width: 180, render: (_, user) => (
          <Space size={4}>
            {user.id !== session.data?.id && <Button size="small" onClick={() => setEdited(user)}>{t('edit_user')}</Button>}
            <Dropdown menu={{ items: menu(user) ?? [] }} trigger={['click']}><Button size="small" data-testid={`more-${user.name}`}>{t('more_actions')} <DownOutlined /></Button></Dropdown>
          </Space>
        ) },
      ]} />
      <EditUser user={edited} close={() => setEdited(null)} />
      <BindIdentity user={binding} close={() => setBinding(null)} />
      <UserSessions user={watched} close={() => setWatched(null)} />
      <Modal open={temporary !== null} title={`${t('temporary_password')}: ${temporary?.name ?? ''}`} onCancel={() => setTemporary(null)} onOk={() => setTemporary(null)} cancelButtonProps={{ hidden: true }}>
        <Alert type="warning" title={t('temporary_help')} style={{ marginBottom: 12 }} />
        <Typography.Text code copyable>{temporary?.password ?? ''}</Typography.Text>
      </Modal>
    </>
  );
}

/** A change of the list of users, with what is said of it. */
function useChange<T>(change: (value: T) => Promise<unknown>, done: () => void) {
  const { t } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['users'] });
  return useMutation({
    mutationFn: change,
    onSuccess: () => { message.success(t('saved')); done(); return again(); },
    onError: again,
  });
}

function AddUser({ open, close }: { open: boolean; close: () => void }) {
  const { t } = useWords();
  const [form] = Form.useForm<NewUser>();
  const create = useChange((user: NewUser) => api.createUser(user), () => { form.resetFields(); close(); });
  return (
    <Modal open={open} title={t('add_user')} okText={t('add_user')} onCancel={() => { create.reset(); close(); }} onOk={() => form.submit()} confirmLoading={create.isPending}>
      <Wrong error={create.error} />
      <Form form={form} layout="vertical" onFinish={(user) => create.mutate(user)} initialValues={{ role: 'township_officer' }}>
        <Form.Item name="name" label={t('name')} extra={t('name_help')} rules={[{ required: true, pattern: /^[A-Za-z0-9_.-]{2,40}$/ }]}><Input autoComplete="off" /></Form.Item>
        <PlaceFields />
        <Form.Item name="password" label={t('first_password')} extra={t('change_password_why')} rules={[{ required: true }, { min: 10, message: t('own_password_help') }]}><Input.Password autoComplete="new-password" /></Form.Item>
      </Form>
    </Modal>
  );
}

function EditUser({ user, close }: { user: User | null; close: () => void }) {
  const { t } = useWords();
  const save = useChange(({ of, edit }: { of: User; edit: Edit }) => api.editUser(of, edit), close);
  return (
    <Modal open={user !== null} title={`${t('edit_user')}: ${user?.name ?? ''}`} onCancel={close} footer={null} destroyOnHidden>
      {user !== null && (
        <Form layout="vertical" initialValues={{ role: user.role, area: user.area, department: user.department, display_name: user.display_name }} onFinish={(edit: Edit) => save.mutate({ of: user, edit })}>
          <Wrong error={save.error} />
          <PlaceFields />
          <Button type="primary" htmlType="submit" loading={save.isPending}>{t('save_user')}</Button>
        </Form>
      )}
    </Modal>
  );
}

function BindIdentity({ user, close }: { user: User | null; close: () => void }) {
  const { t } = useWords();
  const bind = useChange(({ of, subject }: { of: User; subject: string }) => api.bindIdentity(of, subject), close);
  return (
    <Modal open={user !== null} title={`${t('bind_identity')}: ${user?.name ?? ''}`} onCancel={close} footer={null} destroyOnHidden>
      {user !== null && (
        <Form layout="vertical" onFinish={({ subject }: { subject: string }) => bind.mutate({ of: user, subject })}>
          <Wrong error={bind.error} />
          <p className="label">{t('bind_help')}</p>
          <Form.Item name="subject" label={t('identity_subject')} rules={[{ required: true, max: 255 }]}><Input autoFocus /></Form.Item>
          <Button type="primary" htmlType="submit" loading={bind.isPending}>{t('bind_identity')}</Button>
        </Form>
      )}
    </Modal>
  );
}

function UserSessions({ user, close }: { user: User | null; close: () => void }) {
  const { t } = useWords();
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: ['user-sessions', user?.id], queryFn: () => api.userSessions(user?.id ?? ''), enabled: user !== null });
  const end = useChange((change: () => Promise<unknown>) => change(), () => client.invalidateQueries({ queryKey: ['user-sessions'] }));
  return (
    <Modal open={user !== null} title={t('sessions_of', { name: user?.name ?? '' })} onCancel={close} footer={null} width={720} destroyOnHidden>
      {user !== null && (sessions.data ? (
        <>
          <Table<OwnSession> size="small" rowKey="id" dataSource={sessions.data} pagination={false} scroll={{ x: 600 }} locale={{ emptyText: t('no_sessions') }} columns={[
            { title: t('device'), dataIndex: 'device', render: (device: string) => device || '—' },
            { title: t('signed_in_by'), dataIndex: 'through_provider', width: 100, render: (through: boolean) => t(through ? 'through_provider' : 'by_password') },
            { title: t('started'), dataIndex: 'created_at', width: 140, render: (at: string) => instant(at) },
            { title: t('last_used'), dataIndex: 'last_used', width: 110 },
            { key: 'end', width: 70, render: (_, row) => <Button size="small" onClick={() => end.mutate(() => api.endUserSession(user.id, row.id))}>{t('end_session')}</Button> },
          ]} />
          <Wrong error={end.error} />
          {sessions.data.length > 1 && <Button style={{ marginTop: 12 }} loading={end.isPending} onClick={() => end.mutate(() => api.endUserSessions(user.id))}>{t('end_all_sessions')}</Button>}
        </>
      ) : <Waiting query={sessions} />)}
    </Modal>
  );
}

/**
 * Name shown, role and area: the areas of the levels that the role has. The offices above the county have its province
 * and prefecture for their area.
 */
function PlaceFields() {
  const { t, options } = useWords();
  const form = Form.useFormInstance();
  const role = Form.useWatch<Role | undefined>('role', form);
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas });
  const rights = useQuery({ queryKey: ['rights'], queryFn: api.rights, staleTime: Infinity });
  const known: Area[] = areas.data ?? [];
  const levels: readonly string[] = rights.data?.find((row) => row.role === role)?.levels ?? [];
  const level = new Map(known.map((area) => [area.code, area.level]));
  const county = known.find((area) => area.level === 'county')?.code ?? '';
  const above = county === '' ? [] : ([[2, 'province'], [4, 'prefecture']] as const).map(([digits, name]) => {
    const code = county.slice(0, digits);
    return { value: code, title: t('superior_area', { code }), disabled: !levels.includes(name), children: [] };
  });
  const choose = (node: AreaNode): AreaNode & { disabled: boolean } => ({
    ...node,
    disabled: !levels.includes(level.get(node.value) ?? ''),
    children: node.children.map(choose),
  });
  return (
    <>
      <Form.Item name="display_name" label={t('display_name')} rules={[{ required: true, max: 40 }]}><Input /></Form.Item>
      <Form.Item name="role" label={t('role')} rules={[{ required: true }]}>
        <Select options={options('role').filter((one) => one.value !== 'public')} onChange={() => form.setFieldsValue({ area: undefined, department: undefined })} />
      </Form.Item>
      {role === 'department_user' && (
        <Form.Item name="department" label={t('department')} extra={t('department_why')} rules={[{ required: true }]}>
          <Select options={options('department')} />
        </Form.Item>
      )}
      <Form.Item name="area" label={t('area')} rules={[{ required: true }]}>
        <TreeSelect showSearch treeNodeFilterProp="title" treeDefaultExpandedKeys={[county]} treeData={[...areaTree(known).map(choose), ...above]} />
      </Form.Item>
    </>
  );
}

/** Every action by every role, as the server checks it. */
function Rights() {
  const { t, code, options, language } = useWords();
  const width = language === 'en' ? 112 : 92;
  const rights = useQuery({ queryKey: ['rights'], queryFn: api.rights, staleTime: Infinity });
  if (!rights.data) return <Waiting query={rights} />;
  const rows = rights.data.filter((row) => row.levels.length > 0);
  return (
    <div data-testid="rights">
      <p className="label">{t('rights_help')}</p>
      <Table size="small" bordered rowKey="value" pagination={false} scroll={{ x: 220 + rows.length * width }} dataSource={options('action')} columns={[
        { title: t('right'), dataIndex: 'label', fixed: 'left', width: 220 },
        ...rows.map((row) => ({
          title: code('role', row.role),
          key: row.role,
          align: 'center' as const,
          width,
          render: (_: unknown, action: { value: string }) => (row.actions.includes(action.value as Action) ? <b title={t('may')} style={{ color: '#1f6f5c' }}>✓</b> : ''),
        })),
      ]} summary={() => (
        <Table.Summary.Row>
          <Table.Summary.Cell index={0}><span className="label">{t('role_levels')}</span></Table.Summary.Cell>
          {rows.map((row: { role: Role; levels: string[] }, place) => (
            <Table.Summary.Cell key={row.role} index={place + 1} align="center"><span className="label">{row.levels.map((level) => t(`level_${level}` as Key)).join('、')}</span></Table.Summary.Cell>
          ))}
        </Table.Summary.Row>
      )} />
    </div>
  );
}
