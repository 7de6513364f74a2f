// What happens to a household as a whole: split, merger, move, cancelling, reinstating; and what happened so far.

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Form, Input, InputNumber, Modal, Select, Tag, TreeSelect, Upload, Button } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';

import { api, Problem } from '../api/client';
import type { Grounds, HouseholdDetail, MemberRelation } from '../api/types';
import { today } from '../command';
import { useWords } from '../language';
import { areaTree, Day } from '../parts';

export type Operation = 'split' | 'merge' | 'move' | 'cancel' | 'reinstate';

interface Wanted {
  date: string;
  reason: string;
  register_number?: string;
  into?: string;
  area?: string;
  longitude?: number;
  latitude?: number;
  relations?: Record<string, string | undefined>;
  staying?: Record<string, string | undefined>;
}

const chosen = (relations: Record<string, string | undefined> = {}) =>
  Object.entries(relations).flatMap(([person, relation]) => (relation ? [{ person, relation } as MemberRelation] : []));

/** Keeps a paper in the household's file and gives its hash. */
export async function proof(household: string, file: File | null, kind: string): Promise<string | null> {
  if (!file) return null;
  const there = (await api.householdDocuments(household)).find((document) => document.name === file.name && document.size === file.size && !document.removal);
  if (there) return there.hash;
  return (await api.addDocument(household, file, { kind })).hash;
}

export function FileChoice({ file, choose }: { file: File | null; choose: (file: File | null) => void }) {
  const { t } = useWords();
  return (
    <Upload maxCount={1} beforeUpload={(next) => { choose(next); return false; }} onRemove={() => choose(null)} fileList={file ? [{ uid: '1', name: file.name }] : []}>
      <Button>{t('upload')}</Button>
    </Upload>
  );
}

export function Operate({ household, operation, close }: { household: HouseholdDetail; operation: Operation; close: () => void }) {
  const { t, code, of, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<Wanted>();
  const [file, setFile] = useState<File | null>(null);
  const [search, setSearch] = useState('');
  const [refused, setRefused] = useState<string[]>([]);
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000, enabled: operation === 'move' });
  const village = household.area.slice(0, 12);
  const others = useQuery({
    queryKey: ['households', { area: village, search }], enabled: operation === 'merge',
    queryFn: () => api.households({ area: search ? null : village, search, limit: 50 }),
  });
  const send = useMutation({
    mutationFn: async (wanted: Wanted) => {
      const evidence = await proof(household.id, file, 'reason_proof');
      const grounds: Grounds = { date: wanted.date, reason: wanted.reason, evidence };
      switch (operation) {
        case 'split': return api.splitHousehold(household.id, household.version, { register_number: wanted.register_number ?? '', leaving: chosen(wanted.relations), staying: chosen(wanted.staying), grounds });
        case 'merge': {
          const into = await api.household(wanted.into ?? '');
          return api.mergeHousehold(household.id, household.version, { into: into.id, into_version: into.version, relations: chosen(wanted.relations), grounds });
        }
        case 'move': {
          const position = wanted.longitude !== undefined && wanted.latitude !== undefined ? { longitude: wanted.longitude, latitude: wanted.latitude } : null;
          return api.moveHousehold(household.id, household.version, { area: wanted.area ?? '', position, grounds });
        }
        case 'cancel': return api.cancelHousehold(household.id, household.version, grounds);
        case 'reinstate': return api.reinstateHousehold(household.id, household.version, grounds);
      }
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['household', household.id] });
      void client.invalidateQueries({ queryKey: ['household-history', household.id] });
      void client.invalidateQueries({ queryKey: ['household-documents', household.id] });
      void client.invalidateQueries({ queryKey: ['households'] });
      void message.success(t('op_done'));
      close();
    },
    onError: (error) => {
      if (error instanceof Problem && error.problems.length > 0) setRefused(error.problems.map((one) => of(one.detail)));
      else void message.error(problem(error));
    },
  });
  const help = { split: t('split_help'), merge: t('merge_help'), move: t('move_help'), cancel: t('cancel_help'), reinstate: t('reinstate_help') }[operation];
  const relations = options('relation');
  return (
    <Modal open title={`${t(`op_${operation}`)} · ${household.register_number}`} onCancel={close} onOk={() => form.submit()} confirmLoading={send.isPending} okText={t(`op_${operation}`)} width={620} okButtonProps={{ danger: operation === 'cancel' }}>
      <p className="label" style={{ marginTop: 0 }}>{help}</p>
      {refused.map((text) => <Alert key={text} type="error" showIcon title={text} style={{ marginBottom: 8 }} />)}
      <Form form={form} layout="vertical" initialValues={{ date: today() }} onFinish={(wanted) => { setRefused([]); send.mutate(wanted); }}>
        {operation === 'split' && (
          <>
            <Form.Item name="register_number" label={t('split_number')} rules={[{ required: true, whitespace: true }]}><Input maxLength={40} /></Form.Item>
            {household.members.map((member) => (
              <Form.Item key={member.id} name={['relations', member.id]} label={`${member.name} · ${code('relation', member.relation)}`} style={{ marginBottom: 8 }}>
                <Select allowClear showSearch optionFilterProp="label" placeholder={`${t('stays')} / ${t('leave_relation')}`} options={relations} />
              </Form.Item>
            ))}
          </>
        )}
        {operation === 'merge' && (
          <>
            <Form.Item name="into" label={t('merge_into')} rules={[{ required: true }]}>
              <Select showSearch={{ filterOption: false, onSearch: setSearch }} placeholder={t('search_households')}
                options={(others.data?.items ?? []).filter((other) => other.id !== household.id).map((other) => ({ value: other.id, label: `${other.register_number} · ${other.head_name} · ${other.area_name}` }))} />
            </Form.Item>
            {household.members.map((member) => (
              <Form.Item key={member.id} name={['relations', member.id]} label={`${member.name} · ${t('joins_relation')}`} style={{ marginBottom: 8 }}>
                <Select allowClear showSearch optionFilterProp="label" placeholder={code('relation', member.relation)} options={relations} />
              </Form.Item>
            ))}
          </>
        )}
        {operation === 'move' && (
          <>
            <Form.Item name="area" label={t('area')} rules={[{ required: true }]}><TreeSelect showSearch treeNodeFilterProp="title" treeData={areaTree(areas.data ?? [])} /></Form.Item>
            <div className="fields">
              <Form.Item name="longitude" label={code('household_field', 'position.longitude')}><InputNumber style={{ width: '100%' }} min={-180} max={180} /></Form.Item>
              <Form.Item name="latitude" label={code('household_field', 'position.latitude')}><InputNumber style={{ width: '100%' }} min={-90} max={90} /></Form.Item>
            </div>
          </>
        )}
        <Form.Item name="date" label={t('op_date')} rules={[{ required: true }]}><Day max={today()} /></Form.Item>
        <Form.Item name="reason" label={t('op_reason')} rules={[{ required: true, whitespace: true }]}><Input.TextArea rows={2} maxLength={500} showCount /></Form.Item>
        <Form.Item label={t('op_evidence')}><FileChoice file={file} choose={setFile} /></Form.Item>
      </Form>
    </Modal>
  );
}

/** What happened to a household as a whole, the newest first. */
export function Happened({ household }: { household: HouseholdDetail }) {
  const { t, code } = useWords();
  if (household.events.length === 0) return null;
  return (
    <div className="panel w12" data-testid="household-events">
      <h2>{t('what_happened')}</h2>
      {[...household.events].reverse().map((event) => (
        <div key={event.at + event.kind} style={{ marginBottom: 6 }}>
          <Tag>{code('household_event', event.kind)}</Tag>{event.date} · {event.reason}{' '}
          {event.household && <Link to={`/register/${event.household}`}>{event.register_number}</Link>}{' '}
          {event.after_cut_off && <Tag color="orange">{t('after_cut_off')}</Tag>}<span className="label">{event.by}</span>
        </div>
      ))}
    </div>
  );
}
