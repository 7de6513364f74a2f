// Departments' data: files handed in, their records masked. A department user sees those of the own department alone.

import { InboxOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, Select, Spin, Table, Tag, Upload } from 'antd';
import { useState } from 'react';

import { api } from './api/client';
import type { DepartmentRecord, ImportedCell, ImportedExtract } from './api/types';
import { instant, useWords, whole } from './language';
import { Title, Waiting } from './parts';
import { useFilters } from './query';

export default function DepartmentDataPage() {
  const { t, code } = useWords();
  const { filters, set } = useFilters();
  const files = useQuery({ queryKey: ['department-files'], queryFn: api.departmentFiles });
  if (!files.data) return <Waiting query={files} />;
  const { kinds, may_import, files: imported } = files.data;
  const kind = kinds.find((one) => one === filters.kind) ?? kinds[0];
  return (
    <div data-testid="department-data">
      <Title>{t('department_data')}</Title>
      <div className="grid">
        {may_import && <div className="panel w12"><HandIn lists={kinds.includes('poverty_roster')} /></div>}
        <div className="panel w12">
          <h2>{t('department_files')}</h2>
          <Table size="small" rowKey="id" dataSource={imported} pagination={{ pageSize: 10, hideOnSinglePage: true }} scroll={{ x: 720 }} locale={{ emptyText: t('department_no_files') }} columns={[
            { title: t('file'), dataIndex: 'name' },
            { title: t('department_kind'), dataIndex: 'kind', render: (one: string) => code('file_kind', one) },
            { title: t('department_accepted'), dataIndex: 'records_accepted', align: 'right', render: whole },
            { title: t('department_refused'), dataIndex: 'records_refused', align: 'right', render: (n: number) => (n > 0 ? <Tag color="orange">{whole(n)}</Tag> : '0') },
            { title: t('time'), dataIndex: 'imported_at', render: instant },
          ]} />
        </div>
        {kind && (
          <div className="panel w12">
            <h2>{t('department_records')}</h2>
            <div className="filters">
              <Select style={{ width: 240 }} value={kind} onChange={(next: string) => set({ kind: next })} options={kinds.map((one) => ({ value: one, label: code('file_kind', one) }))} />
              <Input.Search allowClear style={{ width: 260 }} placeholder={t('department_search')} defaultValue={filters.search ?? ''} onSearch={(search) => set({ search })} />
            </div>
            <Records key={kind + (filters.search ?? '')} kind={kind} search={filters.search} />
          </div>
        )}
      </div>
    </div>
  );
}

/** Takes a file in and says what came of it, sheet by sheet. */
function HandIn({ lists }: { lists: boolean }) {
  const { t, code, of, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<{ document?: string; office?: string }>();
  const hand = useMutation({
    mutationFn: (file: File) => api.importDepartmentFile(file, form.getFieldsValue()),
    onSuccess: () => client.invalidateQueries(),
    onError: (error) => message.error(problem(error), 10),
  });
  const cells = (list: ImportedCell[]) => (
    <Table<ImportedCell> size="small" rowKey={(cell) => `${cell.row}${cell.header}`} dataSource={list} pagination={{ pageSize: 10, hideOnSinglePage: true }} columns={[
      { title: t('row'), dataIndex: 'row', width: 70 },
      { title: t('column'), dataIndex: 'header' },
      { title: t('value'), dataIndex: 'value' },
      { title: t('cause'), render: (_, cell) => of(cell.reason) },
      { title: t('remedy'), render: (_, cell) => of(cell.remedy) },
    ]} />
  );
  return (
    <>
      <h2>{t('department_hand_in')} <span className="label">{t('department_hand_in_why')}</span></h2>
      <Form form={form} layout="inline" style={{ marginBottom: 10 }}>
        {lists && <Form.Item name="document" label={t('department_document')}><Input /></Form.Item>}
        {lists && <Form.Item name="office" label={t('department_office')}><Input /></Form.Item>}
      </Form>
      <Upload.Dragger accept=".xlsx,.xls,.csv" maxCount={1} showUploadList={false} disabled={hand.isPending} beforeUpload={(file: File) => { hand.mutate(file); return false; }} data-testid="hand-in">
        {hand.isPending ? <p><Spin /> {t('reading_file', { name: hand.variables.name })}</p> : <p style={{ margin: '4px 12px' }}><InboxOutlined /> {t('department_drop')}</p>}
      </Upload.Dragger>
      {hand.data?.map((file: ImportedExtract) => (
        <div key={file.name} style={{ marginTop: 12 }} data-testid="handed-in">
          <Alert type={file.refused > 0 ? 'warning' : 'success'} showIcon title={`${file.name} · ${code('file_kind', file.kind)}`} description={t('department_outcome', { read: whole(file.read), accepted: whole(file.accepted), refused: whole(file.refused) })} />
          {file.refused_for.length > 0 && cells(file.refused_for)}
          {file.left_out.length > 0 && <><p className="label">{t('department_left_out')}</p>{cells(file.left_out)}</>}
        </div>
      ))}
    </>
  );
}

function Records({ kind, search }: { kind: string; search: string | undefined }) {
  const { t } = useWords();
  const [after, setAfter] = useState<string[]>([]);
  const records = useQuery({ queryKey: ['department-records', kind, search, after], queryFn: () => api.departmentRecords({ kind, search, after: after.at(-1) }) });
  if (!records.data) return <Waiting query={records} />;
  const { items, next, total } = records.data;
  return (
    <>
      <Table<DepartmentRecord> size="small" rowKey="id" dataSource={items} pagination={false} scroll={{ x: 860 }} locale={{ emptyText: t('department_no_records') }} columns={[
        { title: t('file'), dataIndex: 'file' },
        { title: t('row'), dataIndex: 'row', width: 70 },
        { title: t('department_person'), dataIndex: 'name' },
        { title: t('department_number'), dataIndex: 'id_number', render: (number: string | null) => number ?? '—' },
        { title: t('department_facts'), render: (_, record) => Object.values(record.facts).map(String).join(' · ') },
      ]} />
      <div className="pages">
        <span className="label">{whole(total)}</span>
        <Button disabled={after.length === 0} onClick={() => setAfter(after.slice(0, -1))}>{t('previous_page')}</Button>
        <Button disabled={!next} onClick={() => next && setAfter([...after, next])}>{t('next_page')}</Button>
      </div>
    </>
  );
}
