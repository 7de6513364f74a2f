// Areas over time: the tree with search, an area's story, and the dialogs that rename, recode, split and merge.

import { DownloadOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Checkbox, Empty, Form, Input, Modal, Select, Space, Table, Tag, Tree } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';

import { address, api } from './api/client';
import type { Area, AreaChange, AreaChangePreview, AreaDetail, NewArea, SessionUser, Succession } from './api/types';
import { today } from './command';
import { useWords, whole } from './language';
import { Day, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';

type Dialog = 'add' | 'rename' | 'recode' | 'split' | 'merge';

interface Node {
  key: string;
  title: React.ReactNode;
  children: Node[];
}

export default function AreasPage() {
  const { t } = useWords();
  const { filters, set } = useFilters();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const wanted = { closed: filters.closed, on: filters.on, groups: true };
  const query = useQuery({ queryKey: ['areas', wanted], queryFn: () => api.areasOverTime(wanted) });
  const chosen = filters.code;
  const detail = useQuery({ queryKey: ['area', chosen], enabled: chosen !== undefined, queryFn: () => api.area(chosen ?? '') });
  const manages = me.data?.may.includes('manage_areas') ?? false;
  const areas = useMemo(() => query.data ?? [], [query.data]);
  const typed = (filters.search ?? '').trim();
  const nodes = useMemo(() => tree(areas, typed, t('area_closed'), t('households')), [areas, typed, t]);
  const top = areas.filter((area) => area.level === 'county' || area.level === 'township').map((area) => area.code);
  const file = (ending: string) => address(`/areas.${ending}`, wanted);
  return (
    <div data-testid="areas">
      <Title extra={(
        <Space wrap>
          <Button icon={<DownloadOutlined />} href={file('xlsx')}>{t('export_xlsx')}</Button>
          <Button href={file('csv')}>{t('export_csv')}</Button>
          {manages && <Button type="primary" icon={<PlusOutlined />} onClick={() => setDialog('add')} data-testid="area-add">{t('area_add')}</Button>}
        </Space>
      )}>{t('areas')}</Title>
      <div className="filters">
        <Input.Search allowClear style={{ width: 240 }} placeholder={t('area_search')} defaultValue={filters.search} onSearch={(search) => set({ search })} />
        <Day width={160} placeholder={t('area_on')} value={filters.on} onChange={(on) => set({ on })} />
        <Checkbox checked={filters.closed === 'true'} onChange={(event) => set({ closed: event.target.checked ? 'true' : null })}>{t('area_closed_too')}</Checkbox>
      </div>
      <div className="grid">
        <div className="panel w5" style={{ maxHeight: 'calc(100vh - 190px)', overflow: 'auto' }}>
          {nodes.length === 0 ? <Waiting query={query} empty={filters.on ? t('area_at_that_time') : undefined} /> : (
            <Tree
              key={`${typed}${filters.on ?? ''}${filters.closed ?? ''}`} blockNode treeData={nodes} selectedKeys={chosen ? [chosen] : []}
              defaultExpandedKeys={typed === '' ? top.slice(0, 1) : areas.map((area) => area.code)}
              onSelect={([key]) => key !== undefined && set({ code: String(key) })}
            />
          )}
        </div>
        <div className="panel w7">
          {chosen === undefined ? <Empty description={t('area_pick')} /> : detail.data ? <Story area={detail.data} manages={manages} open={setDialog} /> : <Waiting query={detail} />}
        </div>
      </div>
      {dialog === 'add' && <AddDialog close={() => setDialog(null)} around={detail.data} />}
      {dialog !== null && dialog !== 'add' && detail.data && <ChangeDialog key={`${dialog}${detail.data.code}`} dialog={dialog} area={detail.data} areas={areas} close={() => setDialog(null)} />}
    </div>
  );
}

/** The areas as a tree; with a text typed, those that have it in name, former name or code, and what is around them. */
function tree(areas: Area[], typed: string, closed: string, households: string): Node[] {
  const fits = (area: Area) => area.name.includes(typed) || area.code.startsWith(typed) || area.former_names.some((name) => name.includes(typed));
  const kept = new Set(areas.filter(fits).flatMap((area) => [6, 9, 12, 14].filter((length) => length <= area.code.length).map((length) => area.code.slice(0, length))));
  const known = new Set(areas.map((area) => area.code));
  const children = new Map<string, Area[]>();
  const roots: Area[] = [];
  for (const area of areas) {
    if (typed !== '' && !kept.has(area.code)) continue;
    if (area.parent !== null && known.has(area.parent)) children.set(area.parent, [...(children.get(area.parent) ?? []), area]);
    else roots.push(area);
  }
  const node = (area: Area): Node => ({
    key: area.code,
    title: <span className={area.valid_to === null ? undefined : 'label'}>{area.name} <span className="label">{area.code}{area.valid_to === null ? ` · ${whole(area.households)} ${households}` : ` · ${closed}`}</span></span>,
    children: (children.get(area.code) ?? []).map(node),
  });
  return roots.map(node);
}

function Story({ area, manages, open }: { area: AreaDetail; manages: boolean; open: (dialog: Dialog) => void }) {
  const { t, code } = useWords();
  const inForce = area.valid_to === null;
  const may = manages && inForce && area.level !== 'county';
  const successions = (title: string, list: Succession[]) => list.length > 0 && (
    <>
      <h2 style={{ marginTop: 16 }}>{title}</h2>
      {list.map((it) => (
        <div key={`${it.kind}${it.date}${it.areas.map((to) => to.code).join()}`} style={{ padding: '3px 0' }}>
          <Tag>{code('succession_kind', it.kind)}</Tag> {it.date} · {it.document}
          {it.kind !== 'renamed' && <div style={{ paddingLeft: 8 }}>{it.areas.map((to) => <div key={to.code}><Link to={`?code=${to.code}&closed=true`}>{to.name || to.code} <span className="label">{to.code}</span></Link></div>)}</div>}
        </div>
      ))}
    </>
  );
  return (
    <div data-testid="area-story">
      <Space wrap style={{ marginBottom: 8 }}>
        <h1 style={{ fontSize: 18, margin: 0 }}>{area.path || area.name}</h1><Tag>{area.code}</Tag>{inForce ? <Tag color="green">{t('area_in_force')}</Tag> : <Tag color="orange">{t('area_closed')}</Tag>}
      </Space>
      <Space wrap style={{ marginBottom: 12 }}>
        {may && (
          <>
            <Button onClick={() => open('rename')}>{t('area_rename')}</Button>
            <Button onClick={() => open('recode')}>{t('area_recode')}</Button>
            <Button onClick={() => open('split')}>{t('area_split')}</Button>
            <Button onClick={() => open('merge')}>{t('area_merge')}</Button>
          </>
        )}
        <Link to={`/register?area=${area.code}`}>{t('area_show_households')}</Link>
      </Space>
      <dl className="facts">
        <dt>{t('area_level')}</dt><dd>{t(`level_${area.level}` as 'level_county')}</dd>
        {inForce && <><dt>{t('area_households')}</dt><dd>{whole(area.households)}</dd></>}
        {area.now.length > 0 && <><dt>{t('area_now')}</dt><dd>{area.now.map((now) => <Link key={now} to={`?code=${now}`} style={{ marginRight: 8 }}>{now}</Link>)}</dd></>}
      </dl>
      <h2 style={{ marginTop: 16 }}>{t('area_versions')}</h2>
      <Table size="small" rowKey={(version) => `${version.name}${version.valid_from ?? ''}`} dataSource={area.versions} pagination={false} columns={[
        { title: t('area_name'), dataIndex: 'name' },
        { title: t('area_valid_from'), dataIndex: 'valid_from', render: (day: string | null) => day ?? '—' },
        { title: t('area_valid_to'), dataIndex: 'valid_to', render: (day: string | null) => day ?? '—' },
      ]} />
      {successions(t('area_successions'), area.successions)}
      {successions(t('area_predecessors'), area.predecessors)}
      {area.inside.length > 0 && (
        <>
          <h2 style={{ marginTop: 16 }}>{t('area_inside')}</h2>
          <Table size="small" rowKey="code" dataSource={area.inside} pagination={{ pageSize: 12, hideOnSinglePage: true }} columns={[
            { title: t('area_name'), dataIndex: 'name' }, { title: t('area_code'), dataIndex: 'code' },
            { title: t('area_households'), dataIndex: 'households', align: 'right', render: whole },
          ]} />
        </>
      )}
      {area.users.length > 0 && (
        <>
          <h2 style={{ marginTop: 16 }}>{t('area_users')}</h2>
          {area.users.map((user) => <Tag key={user.id}>{user.display_name} · {code('role', user.role)}</Tag>)}
        </>
      )}
    </div>
  );
}

const LINE = { required: true, whitespace: true, max: 200 };
const CODE = { required: true, pattern: /^(\d{9}|\d{12}|\d{14})$/ };

function AddDialog({ close, around }: { close: () => void; around: AreaDetail | undefined }) {
  const { t } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { set } = useFilters();
  const [form] = Form.useForm<NewArea>();
  const add = useMutation({
    mutationFn: (area: NewArea) => api.addArea({ ...area, valid_from: area.valid_from || null }),
    onSuccess: (area) => { message.success(t('saved')); close(); set({ code: area.code }); return client.invalidateQueries({ queryKey: ['areas'] }); },
  });
  return (
    <Modal open title={t('area_add')} onCancel={close} onOk={() => form.submit()} confirmLoading={add.isPending}>
      <Wrong error={add.error} />
      <Alert type="info" showIcon title={t('area_add_why')} style={{ marginBottom: 12 }} />
      <Form form={form} layout="vertical" onFinish={(area) => add.mutate(area)} initialValues={{ code: around?.valid_to === null ? around.code : '', valid_from: today() }}>
        <Form.Item name="code" label={t('area_code')} rules={[CODE]}><Input /></Form.Item>
        <Form.Item name="name" label={t('area_name')} rules={[{ required: true, whitespace: true, max: 50 }]}><Input /></Form.Item>
        <Form.Item name="valid_from" label={t('area_date')}><Day max={today()} /></Form.Item>
        <Form.Item name="document" label={t('area_document')} rules={[LINE]}><Input /></Form.Item>
      </Form>
    </Modal>
  );
}

interface ChangeForm {
  name?: string;
  to?: string;
  date: string;
  document: string;
  parts?: { code: string; name: string }[];
  owners?: Record<string, string>;
  singles?: Record<string, string[]>;
  with?: string[];
}

/** A change: filled in, previewed, then carried out as previewed. */
function ChangeDialog({ dialog, area, areas, close }: { dialog: Exclude<Dialog, 'add'>; area: AreaDetail; areas: Area[]; close: () => void }) {
  const { t } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const { set } = useFilters();
  const [form] = Form.useForm<ChangeForm>();
  const [shown, setShown] = useState<{ preview: AreaChangePreview; change: AreaChange; given: ChangeForm } | null>(null);
  const [users, setUsers] = useState<Record<string, string>>({});
  const parts = Form.useWatch('parts', form) ?? [];
  const change = (given: ChangeForm): AreaChange => {
    switch (dialog) {
      case 'rename': return { kind: 'rename', code: area.code, name: given.name ?? '' };
      case 'recode': return { kind: 'recode', code: area.code, to: given.to ?? '', name: given.name?.trim() ? given.name : null };
      case 'merge': return { kind: 'merge', codes: [area.code, ...(given.with ?? [])], to: given.to ?? '', name: given.name ?? '' };
      case 'split': return {
        kind: 'split', code: area.code,
        parts: (given.parts ?? []).map((part, place) => ({
          ...part,
          areas: Object.entries(given.owners ?? {}).filter(([, owner]) => owner === String(place)).map(([code]) => code),
          households: given.singles?.[String(place)] ?? [],
        })),
      };
    }
  };
  const preview = useMutation({
    mutationFn: async (given: ChangeForm) => {
      const asked = change(given);
      return { preview: await api.previewAreaChange({ change: asked, date: given.date, document: given.document }), change: asked, given };
    },
    onSuccess: (found) => { setUsers({}); setShown(found); },
  });
  const execute = useMutation({
    mutationFn: () => {
      if (shown === null) throw new Error('no preview');
      return api.changeAreas({ change: shown.change, date: shown.given.date, document: shown.given.document, users, fingerprint: shown.preview.fingerprint });
    },
    onSuccess: () => {
      message.success(t('saved'));
      close();
      const to = shown?.change.kind === 'split' ? shown.change.parts[0]?.code : shown?.change.kind === 'rename' ? area.code : shown?.change.to;
      set({ code: to ?? area.code });
      return client.invalidateQueries();
    },
  });
  const same = areas.filter((other) => other.level === area.level && other.code !== area.code && other.valid_to === null && other.code.slice(0, 6) === area.code.slice(0, 6));
  const owners = parts.map((part, place) => ({ value: String(place), label: part?.name || part?.code || t('area_part_n', { n: place + 1 }) }));
  const open = shown?.preview.users.some((user) => user.choices.length > 0 && !users[user.id]) ?? false;
  return (
    <Modal
      open width={dialog === 'split' || shown ? 760 : 520} title={`${t(`area_${dialog}`)}: ${area.path || area.name}`} onCancel={close}
      footer={shown ? [
        <Button key="back" onClick={() => setShown(null)}>{t('area_back_to_form')}</Button>,
        <Button key="go" type="primary" disabled={open} loading={execute.isPending} onClick={() => execute.mutate()} data-testid="area-execute">{t('area_execute')}</Button>,
      ] : [
        <Button key="cancel" onClick={close}>{t('cancel')}</Button>,
        <Button key="preview" type="primary" loading={preview.isPending} onClick={() => form.submit()} data-testid="area-preview">{t('area_preview')}</Button>,
      ]}
    >
      <Wrong error={shown ? execute.error : preview.error} />
      <Form form={form} layout="vertical" onFinish={(given) => preview.mutate(given)} hidden={shown !== null} initialValues={{ date: today(), name: dialog === 'merge' ? area.name : '', to: dialog === 'merge' ? area.code : '', parts: dialog === 'split' ? [{ code: '', name: '' }, { code: '', name: '' }] : undefined }}>
        {dialog === 'rename' && <Form.Item name="name" label={t('area_new_name')} rules={[{ required: true, whitespace: true, max: 50 }]}><Input autoFocus placeholder={area.name} /></Form.Item>}
        {dialog === 'recode' && (
          <>
            <Form.Item name="to" label={t('area_new_code')} rules={[CODE]}><Input autoFocus placeholder={area.code} /></Form.Item>
            <Form.Item name="name" label={t('area_new_name')} extra={t('area_keep_name')}><Input maxLength={50} placeholder={area.name} /></Form.Item>
          </>
        )}
        {dialog === 'merge' && (
          <>
            <Form.Item name="with" label={t('area_merge_with')} rules={[{ required: true }]}><Select mode="multiple" showSearch={{ optionFilterProp: 'label' }} options={same.map((other) => ({ value: other.code, label: `${other.name} ${other.code}` }))} /></Form.Item>
            <Form.Item name="to" label={t('area_merge_to')} extra={t('area_merge_to_why')} rules={[CODE]}><Input /></Form.Item>
            <Form.Item name="name" label={t('area_new_name')} rules={[{ required: true, whitespace: true, max: 50 }]}><Input /></Form.Item>
          </>
        )}
        {dialog === 'split' && (
          <>
            <Form.List name="parts">{(fields, { add, remove }) => (
              <Form.Item label={t('area_part')}>
                {fields.map((field) => (
                  <Space key={field.key} align="start" wrap>
                    <Form.Item name={[field.name, 'code']} rules={[CODE]} style={{ marginBottom: 8 }}><Input placeholder={t('area_new_code')} style={{ width: 200 }} /></Form.Item>
                    <Form.Item name={[field.name, 'name']} rules={[{ required: true, whitespace: true, max: 50 }]} style={{ marginBottom: 8 }}><Input placeholder={t('area_name')} style={{ width: 200 }} /></Form.Item>
                    {fields.length > 2 && <Button onClick={() => remove(field.name)}>{t('area_remove_part')}</Button>}
                  </Space>
                ))}
                <div><Button size="small" icon={<PlusOutlined />} onClick={() => add({ code: '', name: '' })}>{t('area_add_part')}</Button></div>
              </Form.Item>
            )}</Form.List>
            {area.inside.length > 0 && (
              <Form.Item label={t(area.level === 'township' ? 'area_assign_villages' : 'area_assign_groups')}>
                <Table size="small" rowKey="code" dataSource={area.inside} pagination={false} scroll={{ x: 560, y: 260 }} columns={[
                  { title: t('area_name'), dataIndex: 'name' }, { title: t('area_code'), dataIndex: 'code' },
                  { title: t('area_households'), dataIndex: 'households', align: 'right', render: whole },
                  { title: t('area_assign'), width: 220, render: (_, inner) => <Form.Item name={['owners', inner.code]} noStyle><Select size="small" allowClear style={{ width: '100%' }} placeholder={t('area_choose_part')} options={owners} /></Form.Item> },
                ]} />
              </Form.Item>
            )}
            {area.level !== 'township' && (
              <Form.Item label={t('area_single_households')} extra={`${t('area_single_why')} ${area.households_outside_them > 0 ? `${t('area_without')}: ${whole(area.households_outside_them)}` : ''}`}>
                {owners.map((owner) => <div key={owner.value} style={{ marginBottom: 6 }}><span className="label">{owner.label}</span><Form.Item name={['singles', owner.value]} noStyle><HouseholdPicker area={area.code} /></Form.Item></div>)}
              </Form.Item>
            )}
          </>
        )}
        <Space size={16} wrap align="start">
          <Form.Item name="date" label={t('area_date')} rules={[{ required: true }]}><Day max={today()} /></Form.Item>
          <Form.Item name="document" label={t('area_document')} rules={[LINE]}><Input style={{ width: 260 }} /></Form.Item>
        </Space>
      </Form>
      {shown && <dl className="facts" style={{ marginBottom: 12 }}>{shown.given.name && <><dt>{t('area_new_name')}</dt><dd>{area.name} → {shown.given.name}</dd></>}<dt>{t('area_date')}</dt><dd>{shown.given.date}</dd><dt>{t('area_document')}</dt><dd>{shown.given.document}</dd></dl>}
      {shown && <Preview preview={shown.preview} users={users} choose={setUsers} />}
    </Modal>
  );
}

function Preview({ preview, users, choose }: { preview: AreaChangePreview; users: Record<string, string>; choose: (users: Record<string, string>) => void }) {
  const { t, code } = useWords();
  const rows = preview.moves.flatMap((moved) => moved.to.map((to) => ({ key: `${moved.from.code}${to.code}`, from: moved.from, to })));
  return (
    <div data-testid="area-preview-result">
      <Alert type="info" showIcon style={{ marginBottom: 12 }} title={rows.length === 0 ? t('area_preview_only_name') : t('area_preview_done', { households: whole(preview.households), records: whole(preview.records) })} />
      {preview.staying > 0 && <Alert type="warning" showIcon style={{ marginBottom: 12 }} title={t('area_preview_staying', { n: whole(preview.staying) })} />}
      {rows.length > 0 && (
        <Table size="small" rowKey="key" dataSource={rows} pagination={{ pageSize: 12, hideOnSinglePage: true }} columns={[
          { title: t('area'), render: (_, row) => <>{row.from.name} <span className="label">{row.from.code}</span></> },
          { title: t('area_now'), render: (_, row) => <>{row.to.name} <span className="label">{row.to.code}</span></> },
          { title: t('area_households'), align: 'right', render: (_, row) => whole(row.to.households) },
        ]} />
      )}
      {preview.users.length > 0 && (
        <>
          <h2 style={{ margin: '12px 0 8px' }}>{t('area_preview_users', { n: whole(preview.users.length) })}</h2>
          {preview.users.map((user) => (
            <Space key={user.id} wrap style={{ marginBottom: 6 }}>
              <span>{user.display_name} · {code('role', user.role)} · {user.from} →</span>
              {user.choices.length === 0 ? <b>{user.to}</b> : (
                <Select size="small" style={{ width: 200 }} placeholder={t('area_choose_part')} value={users[user.id]} options={user.choices.map((choice) => ({ value: choice, label: choice }))} onChange={(choice) => choose({ ...users, [user.id]: choice })} />
              )}
            </Space>
          ))}
        </>
      )}
    </div>
  );
}

/** Households of an area, found by number or name. */
function HouseholdPicker({ area, value, onChange }: { area: string; value?: string[]; onChange?: (households: string[]) => void }) {
  const [typed, setTyped] = useState('');
  const query = useQuery({ queryKey: ['households-of', area, typed], queryFn: () => api.households({ area, search: typed, limit: 50 }) });
  // A household that was chosen keeps its name while another is searched for.
  const [names, setNames] = useState<Record<string, string>>({});
  const found = (query.data?.items ?? []).map((it) => ({ value: it.id, label: `${it.register_number} ${it.head_name}` }));
  const chosen = (value ?? []).filter((id) => !found.some((it) => it.value === id)).map((id) => ({ value: id, label: names[id] ?? id }));
  return (
    <Select
      mode="multiple" style={{ width: '100%' }} value={value ?? []} options={[...found, ...chosen]} loading={query.isFetching}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      onChange={(ids: string[]) => { setNames({ ...names, ...Object.fromEntries(found.map((it) => [it.value, it.label])) }); onChange?.(ids); }}
    />
  );
}

/** The areas that a household lay in before, by the names of their time; nothing when it never changed. */
export function FormerPlaces({ household }: { household: string }) {
  const { t } = useWords();
  const query = useQuery({ queryKey: ['household-places', household], queryFn: () => api.householdPlaces(household) });
  const before = (query.data ?? []).slice(1);
  if (before.length === 0) return null;
  return (
    <div className="label" data-testid="former-places">
      {before.map((place) => <div key={`${place.area}${place.from}`} title={place.area}>{t('area_former')} {place.area_name} ({t('area_from_to', { from: place.from, to: place.to ?? '' })})</div>)}
    </div>
  );
}
