// Income of a household by year, with what it is per person.

import { DeleteOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, InputNumber, Modal, Select, Table } from 'antd';
import { useState } from 'react';

import { api, Problem } from '../api/client';
import type { IncomeLine, IncomeYear } from '../api/types';
import { decimal, instant, useWords } from '../language';
import { Waiting } from '../parts';

const yuan = (fen: number) => decimal(fen / 100, 2);

interface Edited {
  year: number;
  reason: string;
  lines: { kind: string; amount: number; cost?: number | null; source?: string }[];
}

export function Income({ household, may }: { household: string; may: boolean }) {
  const { t, code } = useWords();
  const [editing, setEditing] = useState<IncomeYear | 'new' | null>(null);
  const query = useQuery({ queryKey: ['household-income', household], queryFn: () => api.householdIncome(household) });
  if (!query.data) return <Waiting query={query} />;
  return (
    <div data-testid="household-income">
      {may && <Button icon={<PlusOutlined />} onClick={() => setEditing('new')} style={{ marginBottom: 12 }}>{t('add_year')}</Button>} {query.data.length > 0 && <span className="label">{t('in_yuan')}</span>}
      {query.data.length === 0 ? <p className="label">{t('no_income')}</p> : (
        <Table size="small" rowKey="year" dataSource={query.data} pagination={false} scroll={{ x: 760 }}
          expandable={{ expandedRowRender: (year) => (
            <Table size="small" pagination={false} rowKey={(line) => JSON.stringify(line)} dataSource={year.lines} columns={[
              { title: t('income_kind'), dataIndex: 'kind', render: (kind: string) => code('income_kind', kind) },
              { title: `${t('amount')} (${t('yuan')})`, dataIndex: 'amount', align: 'right', render: yuan },
              { title: `${t('cost_of_production')} (${t('yuan')})`, dataIndex: 'cost', align: 'right', render: yuan },
              { title: t('source'), dataIndex: 'source', render: (source?: string) => source ?? '—' },
            ]} />
          ) }}
          columns={[
            { title: t('year'), dataIndex: 'year' },
            ...['wage', 'business', 'property', 'transfer'].map((kind) => ({
              title: code('income_kind', kind), align: 'right' as const, render: (_: unknown, year: IncomeYear) => yuan(year.by_kind.find((sum) => sum.kind === kind)?.amount ?? 0),
            })),
            { title: t('cost_of_production'), dataIndex: 'cost', align: 'right', render: yuan },
            { title: t('net'), dataIndex: 'net', align: 'right', render: yuan },
            { title: <b>{t('per_person')}</b>, dataIndex: 'net_per_person', align: 'right', render: (fen: number | null) => <b>{fen === null ? '—' : yuan(fen)}</b> },
            { title: t('time'), render: (_, year) => <span className="label">{year.changed_by} · {instant(year.changed_at)}</span> },
            ...(may ? [{ title: '', render: (_: unknown, year: IncomeYear) => <Button size="small" onClick={() => setEditing(year)}>{t('edit_household')}</Button> }] : []),
          ]} />
      )}
      {editing && <Edit household={household} year={editing === 'new' ? null : editing} close={() => setEditing(null)} />}
    </div>
  );
}

function Edit({ household, year, close }: { household: string; year: IncomeYear | null; close: () => void }) {
  const { t, of, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<Edited>();
  const [refused, setRefused] = useState<string[]>([]);
  const send = useMutation({
    mutationFn: (edited: Edited) => api.recordIncome(household, edited.year, year?.version ?? 0, {
      reason: edited.reason,
      lines: (edited.lines ?? []).map((line) => ({ kind: line.kind as IncomeLine['kind'], amount: Math.round(line.amount * 100), cost: Math.round((line.cost ?? 0) * 100), ...(line.source?.trim() ? { source: line.source.trim() } : {}) })),
    }),
    onSuccess: () => { void client.invalidateQueries({ queryKey: ['household-income', household] }); void message.success(t('corrected')); close(); },
    onError: (error) => {
      if (error instanceof Problem && error.problems.length > 0) setRefused(error.problems.map((one) => of(one.detail)));
      else void message.error(problem(error));
    },
  });
  const lines = year?.lines.map((line) => ({ ...line, amount: line.amount / 100, cost: (line.cost ?? 0) / 100 })) ?? [{}];
  return (
    <Modal open width={1000} title={year ? t('edit_year', { year: year.year }) : t('add_year')} onCancel={close} onOk={() => form.submit()} confirmLoading={send.isPending}>
      {refused.map((text) => <Alert key={text} type="error" showIcon title={text} style={{ marginBottom: 8 }} />)}
      <Form form={form} layout="vertical" initialValues={{ year: year?.year ?? new Date().getFullYear() - 1, lines }} onFinish={(edited) => { setRefused([]); send.mutate(edited); }}>
        <div className="fields">
          <Form.Item name="year" label={t('year')} rules={[{ required: true }]}><InputNumber disabled={year !== null} min={1990} max={2100} style={{ width: '100%' }} /></Form.Item>
          <Form.Item name="reason" label={t('op_reason')} rules={[{ required: true, whitespace: true }]}><Input maxLength={500} /></Form.Item>
        </div>
        <Form.List name="lines">
          {(rows, { add, remove }) => (
            <>
              {rows.map((row) => (
                <div key={row.key} className="fields line">
                  <Form.Item name={[row.name, 'kind']} label={t('income_kind')} rules={[{ required: true }]}><Select options={options('income_kind')} /></Form.Item>
                  <Form.Item name={[row.name, 'amount']} label={t('amount')} rules={[{ required: true }]}><InputNumber min={0} suffix={t('yuan')} style={{ width: '100%' }} /></Form.Item>
                  <Form.Item name={[row.name, 'cost']} label={t('cost_of_production')}><InputNumber min={0} suffix={t('yuan')} style={{ width: '100%' }} /></Form.Item>
                  <Form.Item name={[row.name, 'source']} label={t('source')}><Input maxLength={200} style={{ paddingBlock: 3 }} suffix={<Button type="text" size="small" icon={<DeleteOutlined />} onClick={() => remove(row.name)} aria-label={t('remove_document')} />} /></Form.Item>
                </div>
              ))}
              <Button icon={<PlusOutlined />} onClick={() => add({})}>{t('add_line')}</Button> {year && <span className="label">{t('delete_year_hint')}</span>}
            </>
          )}
        </Form.List>
      </Form>
    </Modal>
  );
}
