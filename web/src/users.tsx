// Users, for the administrator.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Modal, Popconfirm, Select, Space, Table, Tag, TreeSelect, Typography } from 'antd';
import { useState } from 'react';

import { api } from './api/client';
import type { Area, NewUser, User } from './api/types';
import { instant, useWords } from './language';
import { areaTree, Title } from './parts';

type Place = Pick<NewUser, 'role' | 'area'>;

export default function UsersPage() {
  const { t, code, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [moving, setMoving] = useState<User | null>(null);
  const [temporary, setTemporary] = useState<{ name: string; password: string } | null>(null);
  const [form] = Form.useForm<NewUser>();
  const users = useQuery({ queryKey: ['users'], queryFn: api.users });
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  const again = () => client.invalidateQueries({ queryKey: ['users'] });
  const onError = (error: unknown) => { message.error(problem(error)); return again(); };
  const saved = () => { message.success(t('saved')); return again(); };
  const create = useMutation({
    mutationFn: (user: NewUser) => api.createUser(user),
    onSuccess: () => { setOpen(false); form.resetFields(); return saved(); },
    onError,
  });
  const act = useMutation({ mutationFn: (change: () => Promise<unknown>) => change(), onSuccess: saved, onError });
  const reset = useMutation({
    mutationFn: (user: User) => api.resetPassword(user),
    onSuccess: (given) => { setTemporary({ name: given.account.name, password: given.password }); return again(); },
    onError,
  });
  const move = useMutation({
    mutationFn: ({ user, place }: { user: User; place: Place }) => api.moveUser(user, place.role, place.area),
    onSuccess: () => { setMoving(null); return saved(); },
    onError,
  });
  const actions = (user: User) => user.id !== session.data?.id && (
    <Space size={4} wrap>
      {user.locked_until !== null && <Button size="small" onClick={() => act.mutate(() => api.unlockUser(user))}>{t('unlock')}</Button>}
      <Button size="small" onClick={() => setMoving(user)}>{t('change_role')}</Button>
      <Popconfirm title={t('sure')} onConfirm={() => reset.mutate(user)}><Button size="small">{t('reset_password')}</Button></Popconfirm>
      {user.second_factor && <Popconfirm title={t('sure')} onConfirm={() => act.mutate(() => api.removeSecondFactor(user))}><Button size="small">{t('remove_second')}</Button></Popconfirm>}
      {user.disabled
        ? <Button size="small" onClick={() => act.mutate(() => api.enableUser(user))}>{t('enable')}</Button>
        : <Popconfirm title={t('sure')} onConfirm={() => act.mutate(() => api.disableUser(user))}><Button size="small" danger>{t('disable')}</Button></Popconfirm>}
    </Space>
  );
  return (
    <div data-testid="users">
      <Title extra={<Button type="primary" onClick={() => setOpen(true)}>{t('add_user')}</Button>}>{t('users')}</Title>
      <Table size="small" rowKey="id" dataSource={users.data ?? []} loading={users.isPending} scroll={{ x: 900 }} pagination={{ pageSize: 30, hideOnSinglePage: true }} columns={[
        { title: t('name'), dataIndex: 'name' }, { title: t('display_name'), dataIndex: 'display_name' },
        { title: t('role'), dataIndex: 'role', render: (role: string) => code('role', role) }, { title: t('area'), dataIndex: 'area_name' },
        { title: t('account_state'), key: 'state', render: (_: unknown, user: User) => (
          <>
            {user.disabled ? <Tag>{t('disabled')}</Tag> : <Tag color="green">{t('active')}</Tag>}
            {user.locked_until !== null && <Tag color="red">{t('locked_until', { time: instant(user.locked_until) })}</Tag>}
            {user.second_factor && <Tag color="blue">{t('second_factor')}</Tag>}
          </>
        ) },
        { key: 'actions', render: (_: unknown, user: User) => actions(user) },
      ]} />
      <Modal open={open} title={t('add_user')} onCancel={() => setOpen(false)} onOk={() => form.submit()} confirmLoading={create.isPending}>
        <Form form={form} layout="vertical" onFinish={(user) => create.mutate(user)} initialValues={{ role: 'township_officer' }}>
          <Form.Item name="name" label={t('name')} rules={[{ required: true, pattern: /^[A-Za-z0-9_.-]{2,40}$/ }]}><Input /></Form.Item>
          <Form.Item name="display_name" label={t('display_name')} rules={[{ required: true }]}><Input /></Form.Item>
          <PlaceFields />
          <Form.Item name="password" label={t('first_password')} rules={[{ required: true, min: 10, message: t('change_password_why') }]}><Input.Password autoComplete="new-password" /></Form.Item>
        </Form>
      </Modal>
      <Modal open={moving !== null} title={`${t('change_role')}: ${moving?.name ?? ''}`} onCancel={() => setMoving(null)} footer={null} destroyOnHidden>
        {moving !== null && (
          <Form layout="vertical" initialValues={{ role: moving.role, area: moving.area }} onFinish={(place: Place) => move.mutate({ user: moving, place })}>
            <PlaceFields />
            <Button type="primary" htmlType="submit" loading={move.isPending}>{t('change_role')}</Button>
          </Form>
        )}
      </Modal>
      <Modal open={temporary !== null} title={`${t('temporary_password')}: ${temporary?.name ?? ''}`} onCancel={() => setTemporary(null)} onOk={() => setTemporary(null)} cancelButtonProps={{ hidden: true }}>
        <Alert type="warning" title={t('temporary_help')} style={{ marginBottom: 12 }} />
        <Typography.Text code copyable>{temporary?.password ?? ''}</Typography.Text>
      </Modal>
    </div>
  );
}

/** Role and area; the offices above the county have its province and prefecture for their area. */
function PlaceFields() {
  const { t, options } = useWords();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas });
  const known: Area[] = areas.data ?? [];
  const county = known.find((area) => area.level === 'county')?.code ?? '';
  const above = county === '' ? [] : [2, 4].map((digits) => ({ value: county.slice(0, digits), title: t('superior_area', { code: county.slice(0, digits) }), children: [] }));
  return (
    <>
      <Form.Item name="role" label={t('role')} rules={[{ required: true }]}><Select options={options('role').filter((role) => role.value !== 'public')} /></Form.Item>
      <Form.Item name="area" label={t('area')} rules={[{ required: true }]}><TreeSelect treeData={[...areaTree(known), ...above]} /></Form.Item>
    </>
  );
}
