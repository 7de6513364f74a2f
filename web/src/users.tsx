// Users, for the administrator.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Form, Input, Modal, Select, Table, TreeSelect } from 'antd';
import { useState } from 'react';

import { api } from './api/client';
import type { NewUser } from './api/types';
import { useWords } from './language';
import { areaTree, Title } from './parts';

export default function UsersPage() {
  const { t, code, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [form] = Form.useForm<NewUser>();
  const users = useQuery({ queryKey: ['users'], queryFn: api.users });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas });
  const create = useMutation({
    mutationFn: (user: NewUser) => api.createUser(user),
    onSuccess: () => { setOpen(false); form.resetFields(); message.success(t('saved')); return client.invalidateQueries({ queryKey: ['users'] }); },
    onError: (error) => message.error(problem(error)),
  });
  return (
    <div data-testid="users">
      <Title extra={<Button type="primary" onClick={() => setOpen(true)}>{t('add_user')}</Button>}>{t('users')}</Title>
      <Table size="small" rowKey="id" dataSource={users.data ?? []} loading={users.isPending} pagination={{ pageSize: 30, hideOnSinglePage: true }} columns={[
        { title: t('name'), dataIndex: 'name' }, { title: t('display_name'), dataIndex: 'display_name' },
        { title: t('role'), dataIndex: 'role', render: (role: string) => code('role', role) }, { title: t('area'), dataIndex: 'area_name' },
      ]} />
      <Modal open={open} title={t('add_user')} onCancel={() => setOpen(false)} onOk={() => form.submit()} confirmLoading={create.isPending}>
        <Form form={form} layout="vertical" onFinish={(user) => create.mutate(user)} initialValues={{ role: 'township_officer' }}>
          <Form.Item name="name" label={t('name')} rules={[{ required: true, pattern: /^[\w.-]{2,40}$/ }]}><Input /></Form.Item>
          <Form.Item name="display_name" label={t('display_name')} rules={[{ required: true }]}><Input /></Form.Item>
          <Form.Item name="role" label={t('role')} rules={[{ required: true }]}><Select options={options('role').filter((role) => role.value !== 'public')} /></Form.Item>
          <Form.Item name="area" label={t('area')} rules={[{ required: true }]}><TreeSelect treeData={areaTree(areas.data ?? [])} /></Form.Item>
          <Form.Item name="password" label={t('first_password')} rules={[{ required: true, min: 10, message: t('change_password_why') }]}><Input.Password autoComplete="new-password" /></Form.Item>
        </Form>
      </Modal>
    </div>
  );
}
