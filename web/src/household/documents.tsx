// Documents and photos of a household: added by dragging, opened for a purpose where they are personal, removed with a reason.

import { InboxOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Checkbox, Form, Image, Input, Modal, Select, Space, Table, Tag, Upload } from 'antd';
import { useState } from 'react';

import { address, api } from '../api/client';
import type { HouseholdDetail, HouseholdDocument } from '../api/types';
import { today } from '../command';
import { instant, useWords } from '../language';
import { Day, Waiting } from '../parts';

const size = (bytes: number) => (bytes >= 1 << 20 ? `${(bytes / (1 << 20)).toFixed(1)} MB` : `${Math.max(1, Math.round(bytes / 1024))} KB`);

export function Documents({ household, may, mayUnmask }: { household: HouseholdDetail; may: boolean; mayUnmask: boolean }) {
  const { t, code, options, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [kind, setKind] = useState('home_photo');
  const [day, setDay] = useState('');
  const [atHome, setAtHome] = useState(false);
  const [failed, setFailed] = useState<string | null>(null);
  const [removing, setRemoving] = useState<HouseholdDocument | null>(null);
  const [opening, setOpening] = useState<HouseholdDocument | null>(null);
  const [reason, setReason] = useState('');
  const query = useQuery({ queryKey: ['household-documents', household.id], queryFn: () => api.householdDocuments(household.id) });
  const again = () => client.invalidateQueries({ queryKey: ['household-documents', household.id] });
  const add = useMutation({
    mutationFn: (file: File) => api.addDocument(household.id, file, { kind, taken_on: day || null, ...(atHome && household.position ? { longitude: household.position.longitude, latitude: household.position.latitude } : {}) }),
    onSuccess: () => { setFailed(null); void again(); },
    onError: (error) => setFailed(problem(error)),
  });
  const remove = useMutation({
    mutationFn: (document: HouseholdDocument) => api.removeDocument(household.id, document, reason),
    onSuccess: () => { setRemoving(null); setReason(''); void again(); },
    onError: (error) => message.error(problem(error)),
  });
  const file = (document: HouseholdDocument) => address(`/register/households/${household.id}/documents/${document.id}/file`);
  const photos = (query.data ?? []).filter((document) => !document.personal && !document.removal && document.media_type.startsWith('image/'));
  return (
    <div data-testid="household-documents">
      {may && (
        <div style={{ marginBottom: 12 }}>
          <Space wrap style={{ marginBottom: 8 }}>
            {t('document_kind')} <Select style={{ minWidth: 180 }} value={kind} onChange={setKind} options={options('document_kind')} />
            <Day width={210} max={today()} placeholder={t('photo_taken_on')} value={day} onChange={setDay} />
            {household.position && kind === 'home_photo' && <Checkbox checked={atHome} onChange={(event) => setAtHome(event.target.checked)}>{t('photo_position')}</Checkbox>}
          </Space>
          <Upload.Dragger multiple showUploadList={false} accept=".pdf,.jpg,.jpeg,.png,.webp,.xlsx,.docx,.ofd" beforeUpload={(next) => { add.mutate(next); return false; }} data-testid="drop">
            <p className="ant-upload-drag-icon"><InboxOutlined /></p><p>{t('drop_here')}</p><p className="label">{t('drop_help')}</p>
          </Upload.Dragger>
          {failed && <Alert type="error" showIcon closable={{ onClose: () => setFailed(null) }} title={failed} style={{ marginTop: 8 }} />}
        </div>
      )}
      {photos.length > 0 && (
        <Image.PreviewGroup>
          <Space wrap style={{ marginBottom: 12 }}>{photos.map((photo) => <Image key={photo.id} src={file(photo)} alt={photo.name} width={132} height={99} style={{ objectFit: 'cover', borderRadius: 6 }} />)}</Space>
        </Image.PreviewGroup>
      )}
      {!query.data ? <Waiting query={query} /> : query.data.length === 0 ? <p className="label">{t('no_documents')}</p> : (
        <Table size="small" rowKey="id" dataSource={query.data} pagination={false} scroll={{ x: 720 }} columns={[
          { title: t('document_kind'), dataIndex: 'kind', render: (value: string, document) => <>{code('document_kind', value)} {document.removal && <Tag>{t('removed_because', { reason: document.removal.reason })}</Tag>}</> },
          { title: t('file'), dataIndex: 'name', render: (name: string, document) => <>{name} <span className="label">{size(document.size)}</span></> },
          { title: t('taken_on'), dataIndex: 'taken_on', render: (date?: string) => date ?? '—' },
          { title: t('recorded_by'), render: (_, document) => <span className="label">{document.added_by} · {instant(document.added_at)}</span> },
          { title: '', align: 'right', render: (_, document) => (
            <Space>
              {!document.personal ? <Button size="small" href={file(document)}>{t('open_document')}</Button> : mayUnmask && <Button size="small" onClick={() => setOpening(document)}>{t('open_document')}</Button>}
              {may && !document.removal && <Button size="small" onClick={() => setRemoving(document)}>{t('remove_document')}</Button>}
            </Space>
          ) },
        ]} />
      )}
      <Modal open={removing !== null} title={`${t('remove_document')} · ${removing?.name ?? ''}`} onCancel={() => setRemoving(null)} okText={t('remove_document')} okButtonProps={{ danger: true, disabled: !reason.trim() }} confirmLoading={remove.isPending} onOk={() => removing && remove.mutate(removing)}>
        <Input.TextArea rows={2} maxLength={500} showCount value={reason} onChange={(event) => setReason(event.target.value)} placeholder={t('op_reason')} />
      </Modal>
      {opening && <Open household={household.id} document={opening} close={() => setOpening(null)} />}
    </div>
  );
}

/** Asks what a personal document is needed for, then saves it. */
function Open({ household, document: wanted, close }: { household: string; document: HouseholdDocument; close: () => void }) {
  const { t, options, problem } = useWords();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ purpose: string; note?: string }>();
  const purpose = Form.useWatch('purpose', form);
  const get = useMutation({
    mutationFn: (need: { purpose: string; note?: string }) => api.personalFile(household, wanted.id, need.purpose, need.note ?? ''),
    onSuccess: (bytes) => {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(bytes);
      link.download = wanted.name;
      link.click();
      URL.revokeObjectURL(link.href);
      close();
    },
    onError: (error) => message.error(problem(error)),
  });
  return (
    <Modal open title={`${t('open_document')} · ${wanted.name}`} onCancel={close} onOk={() => form.submit()} confirmLoading={get.isPending}>
      <p className="label">{t('unmask_help')}</p>
      <Form form={form} layout="vertical" onFinish={(need) => get.mutate(need)}>
        <Form.Item name="purpose" label={t('purpose')} rules={[{ required: true }]}><Select options={options('purpose')} /></Form.Item>
        <Form.Item name="note" label={t('note')} rules={[{ required: purpose === 'other', whitespace: true }]}><Input.TextArea maxLength={200} showCount rows={2} /></Form.Item>
      </Form>
    </Modal>
  );
}
