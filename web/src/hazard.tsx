// Hazard points: the list, and a point with its threatened households, closing and history.

import { ArrowLeftOutlined, DownloadOutlined, PlusOutlined } from '@ant-design/icons';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, App, Button, Form, Input, InputNumber, Modal, Select, Space, Table, Tag, Timeline, TreeSelect } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { address, api } from './api/client';
import type { ClosingStep, HazardDetail, HazardFacts, HazardPoint, PointHousehold, SafeRecord, ThreatenedHousehold } from './api/types';
import type { SessionUser } from './api/types';
import { today } from './command';
import { decimal, instant, useWords, whole } from './language';
import { areaTree, Choice, Day, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';
import { commands } from './texts/ledger';

const RISK: Record<string, string> = { very_high: 'red', high: 'volcano', medium: 'gold', low: 'blue' };
const STATE: Record<string, string> = { active: 'volcano', monitored: 'orange', treated: 'cyan', relocated: 'geekblue', closed: 'default' };

export default function HazardPointsPage() {
  const { t, code, options } = useWords();
  const { filters, set, clear } = useFilters();
  const [adding, setAdding] = useState(false);
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({ queryKey: ['hazard-points', filters], queryFn: () => api.hazardPoints({ ...filters, limit: 50 }) });
  const page = query.data;
  const sort = (key: string) => ({ sorter: true, sortOrder: filters.sort === key ? 'ascend' as const : filters.sort === `-${key}` ? 'descend' as const : null });
  return (
    <div data-testid="hazard-points">
      <Title extra={(
        <Space wrap>
          <Button icon={<DownloadOutlined />} href={address('/register/hazard-points.xlsx', filters)}>{t('export_xlsx')}</Button>
          <Button href={address('/register/hazard-points.csv', filters)}>{t('export_csv')}</Button>
          {me.data?.may.includes('record_grounds') && <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)} data-testid="hazard-add">{t('hazard_add')}</Button>}
        </Space>
      )}>{t('hazards')}</Title>
      <div className="filters">
        <Input.Search allowClear style={{ width: 200 }} placeholder={t('hazard_search')} defaultValue={filters.search} onSearch={(search) => set({ search })} />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 170 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area) => set({ area })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('hazard_kind')} value={filters.kind} options={options('hazard_kind')} onChange={(kind) => set({ kind })} />
        <Select allowClear style={{ width: 110 }} placeholder={t('hazard_risk')} value={filters.risk} options={options('hazard_risk')} onChange={(risk) => set({ risk })} />
        <Select allowClear style={{ width: 110 }} placeholder={t('hazard_state')} value={filters.state} options={options('hazard_state')} onChange={(state) => set({ state })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('hazard_extent')} value={filters.extent} options={options('relocation_extent')} onChange={(extent) => set({ extent })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('hazard_waits_closing')} value={filters.closing_asked} options={[{ value: 'true', label: t('hazard_waits_closing') }]} onChange={(closing_asked) => set({ closing_asked })} />
        {Object.keys(filters).length > 0 && <Button type="link" onClick={clear}>{t('clear')}</Button>}
      </div>
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} empty={t('hazard_none')} /></div> : (
        <Table<HazardPoint>
          size="small" rowKey="id" dataSource={page.items} pagination={false} scroll={{ x: 1040 }}
          onChange={(_, __, sorter) => { const it = Array.isArray(sorter) ? sorter[0] : sorter; set({ sort: it?.order ? `${it.order === 'descend' ? '-' : ''}${String(it.columnKey)}` : null }); }}
          columns={[
            { key: 'code', title: t('hazard_code'), ...sort('code'), render: (_, point) => <Link to={`/hazard-points/${point.id}`}>{point.code}</Link> },
            { key: 'name', title: t('hazard_name'), dataIndex: 'name', render: (name: string | null) => name ?? '—' },
            { key: 'area', title: t('hazard_area'), dataIndex: 'area_name', ...sort('area') },
            { key: 'kind', title: t('hazard_kind'), render: (_, point) => code('hazard_kind', point.kind) },
            { key: 'risk', title: t('hazard_risk'), ...sort('risk'), render: (_, point) => <Risk risk={point.risk} /> },
            { key: 'state', title: t('hazard_state'), render: (_, point) => <><Tag color={STATE[point.state]}>{code('hazard_state', point.state)}</Tag>{point.closing && <Tag color="purple">{t('hazard_closing_asked')}</Tag>}</> },
            { key: 'extent', title: t('hazard_extent'), render: (_, point) => code('relocation_extent', point.extent) },
            { key: 'threatened', title: t('hazard_households'), align: 'right', ...sort('threatened'), render: (_, point) => point.threatened_households === null ? '—' : whole(point.threatened_households) },
            { key: 'listed', title: t('hazard_listed'), align: 'right', render: (_, point) => whole(point.listed) },
            { key: 'not_safe', title: t('hazard_not_safe'), align: 'right', render: (_, point) => point.not_safe > 0 ? <b style={{ color: '#b8412f' }}>{whole(point.not_safe)}</b> : '0' },
          ]}
        />
      )}
      <div className="pages">
        <span>{page ? t('total_items', { n: whole(page.total) }) : ''}</span>
        <Button disabled={!filters.after} onClick={() => set({ after: null })}>{t('previous_page')}</Button>
        <Button disabled={!page?.next} onClick={() => set({ after: page?.next })}>{t('next_page')}</Button>
      </div>
      {adding && <FactsDialog close={() => setAdding(false)} />}
    </div>
  );
}

function Risk({ risk }: { risk: string | null }) {
  const { code } = useWords();
  return risk ? <Tag color={RISK[risk]}>{code('hazard_risk', risk)}</Tag> : <>—</>;
}

export function HazardPointPage() {
  const { id = '' } = useParams();
  const { t, code, problem, language } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [dialog, setDialog] = useState<'edit' | ClosingStep['step'] | null>(null);
  const [line, setLine] = useState<ThreatenedHousehold | null>(null);
  const [form] = Form.useForm<{ text: string }>();
  const [safe] = Form.useForm<{ reason: 'moved' | 'treated' | null; date: string; evidence: string }>();
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const query = useQuery({ queryKey: ['hazard-point', id], queryFn: () => api.hazardPoint(id) });
  const history = useQuery({ queryKey: ['hazard-point-history', id], queryFn: () => api.hazardPointHistory(id) });
  const done = (point: HazardDetail) => {
    message.success(t('saved'));
    setDialog(null);
    setLine(null);
    form.resetFields();
    client.setQueryData(['hazard-point', id], point);
    return client.invalidateQueries({ queryKey: ['hazard-point-history', id] });
  };
  const onError = (error: unknown) => { message.error(problem(error), 10); return client.invalidateQueries({ queryKey: ['hazard-point', id] }); };
  const close = useMutation({ mutationFn: ({ point, step }: { point: HazardPoint; step: ClosingStep }) => api.closeHazardPoint(point, step), onSuccess: done, onError });
  const record = useMutation({
    mutationFn: ({ point, line, given }: { point: HazardPoint; line: ThreatenedHousehold; given: { reason: SafeRecord['reason']; date: string; evidence: string } }) =>
      api.recordSafe(point, line.id, { ...given, date: given.date || null }),
    onSuccess: done, onError,
  });
  const point = query.data;
  if (!point) return <Waiting query={query} />;
  const closed = point.state === 'closed';
  const records = (me.data?.may.includes('record_grounds') ?? false) && !closed;
  const decides = me.data?.may.includes('decide_in_county') ?? false;
  const fact = (label: string, value: React.ReactNode) => <><dt>{label}</dt><dd>{value ?? '—'}</dd></>;
  const take = ({ text }: { text: string }) => {
    if (dialog === 'ask') close.mutate({ point, step: { step: 'ask', document: text } });
    if (dialog === 'return' || dialog === 'reopen') close.mutate({ point, step: { step: dialog, remark: text } });
  };
  const household = (it: PointHousehold | null) => it ? <Link to={`/register/${it.id}`}>{it.register_number}</Link> : <Tag color="red">{t('not_on_register')}</Tag>;
  return (
    <div data-testid="hazard-point">
      <Title extra={(
        <Space wrap>
          {records && <Button onClick={() => setDialog('edit')}>{t('hazard_edit')}</Button>}
          {records && !point.closing && <Button type="primary" disabled={point.figures.not_safe > 0} title={t('closing_why')} onClick={() => setDialog('ask')}>{t('ask_closing')}</Button>}
          {decides && point.closing && <Button type="primary" disabled={point.closing.asked_by === me.data?.name} title={t('closing_why')} loading={close.isPending} onClick={() => close.mutate({ point, step: { step: 'approve' } })}>{t('approve_closing')}</Button>}
          {decides && point.closing && <Button onClick={() => setDialog('return')}>{t('return_closing')}</Button>}
          {decides && closed && <Button onClick={() => setDialog('reopen')}>{t('reopen_point')}</Button>}
          <Link to="/hazard-points"><ArrowLeftOutlined /> {t('hazards')}</Link>
        </Space>
      )}>
        {point.code} {point.name} <Tag color={STATE[point.state]} style={{ marginLeft: 8 }}>{code('hazard_state', point.state)}</Tag><Risk risk={point.risk} />
      </Title>
      {point.closing && <Alert type="warning" showIcon style={{ marginBottom: 12 }} title={t('closing_asked_by', { by: point.closing.asked_by, at: instant(point.closing.asked_at), document: point.closing.document })} />}
      <div className="grid">
        <div className="panel w12">
          <dl className="facts abreast">
            {fact(t('hazard_area'), point.area_name)}
            {fact(t('hazard_kind'), code('hazard_kind', point.kind))}
            {fact(t('hazard_scale'), code('hazard_scale', point.scale))}
            {fact(t('hazard_extent'), code('relocation_extent', point.extent))}
            {fact(t('hazard_households'), point.threatened_households)}
            {fact(t('hazard_persons'), point.threatened_persons)}
            {fact(t('hazard_assessment'), point.assessment && `${point.assessment.number} · ${point.assessment.date} · ${t(point.assessment.cannot_be_made_safe ? 'hazard_cannot' : 'hazard_can')}`)}
            {fact(t('hazard_position'), point.position && <Link to={`/map?longitude=${point.position.longitude}&latitude=${point.position.latitude}`}>{decimal(point.position.longitude, 5)}°, {decimal(point.position.latitude, 5)}°</Link>)}
            {fact(t('hazard_layer'), point.layer_feature)}
          </dl>
        </div>
        <div className="panel w12">
          <h2>{t('threatened_list')}</h2>
          <p className="label">{t('hazard_figures', point.figures)}</p>
          <Table<ThreatenedHousehold> size="small" rowKey="id" dataSource={point.threatened} pagination={{ pageSize: 20, hideOnSinglePage: true }} scroll={{ x: 'max-content' }} locale={{ emptyText: t('threatened_none') }} columns={[
            { title: t('head'), render: (_, it) => <>{it.head_name} <span className="label">{it.head_id_number}</span></> },
            { title: t('persons_n'), dataIndex: 'persons', align: 'right' },
            { title: t('on_register'), render: (_, it) => household(it.household) },
            { title: t('must_move_fact'), render: (_, it) => it.must_move ? <Tag color="volcano">{t('yes')}</Tag> : t('no') },
            { title: t('willing_wish'), render: (_, it) => <Choice code={it.household?.choice ?? null} /> },
            { title: t('urgency'), render: (_, it) => code('urgency', it.household?.urgency) },
            { title: t('safe'), render: (_, it) => it.safe ? <Tag color="green" title={`${it.safe.evidence} · ${it.safe.recorded_by}`}>{code('safety_reason', it.safe.reason)} {it.safe.date}</Tag> : <Tag color="red">{t('not_safe')}</Tag> },
            { title: '', align: 'right', render: (_, it) => records && <Button size="small" onClick={() => { setLine(it); safe.setFieldsValue({ reason: it.safe ? null : 'moved', date: '', evidence: '' }); }}>{t(it.safe ? 'not_safe_after_all' : 'record_safe')}</Button> },
          ]} />
          {point.unlisted.length > 0 && (
            <>
              <h2 style={{ marginTop: 16 }}>{t('unlisted_households')}</h2>
              <Table<PointHousehold> size="small" rowKey="id" dataSource={point.unlisted} pagination={{ pageSize: 10, hideOnSinglePage: true }} columns={[
                { title: t('register_number'), render: (_, it) => household(it) }, { title: t('head'), dataIndex: 'head_name' },
                { title: t('category'), render: (_, it) => code('category', it.category) },
                { title: t('must_move_fact'), render: (_, it) => t(it.must_move ? 'yes' : 'no') },
                { title: t('willing_wish'), render: (_, it) => <Choice code={it.choice} /> },
              ]} />
            </>
          )}
        </div>
        <div className="panel w12">
          <h2>{t('history')}</h2>
          <Timeline items={(history.data ?? []).map((change) => ({
            key: change.index,
            content: <><b>{instant(change.at)}</b> · {change.actor} · {commands[change.command]?.[language] ?? change.command}{change.reason ? ` · ${change.reason}` : ""}{change.changed.map((field) => <div key={field.field} className="label">{field.field}: {String(field.before ?? '—')} → {String(field.after ?? '—')}</div>)}</>,
          }))} />
        </div>
      </div>
      {dialog === 'edit' && <FactsDialog point={point} close={() => setDialog(null)} />}
      <Modal open={dialog !== null && dialog !== 'edit'} title={t(dialog === 'ask' ? 'ask_closing' : dialog === 'return' ? 'return_closing' : 'reopen_point')} onCancel={() => setDialog(null)} onOk={() => form.submit()} confirmLoading={close.isPending}>
        <Form form={form} layout="vertical" onFinish={take}>
          <Form.Item name="text" label={t(dialog === 'ask' ? 'closing_document' : 'remark_why')} rules={[{ required: true, whitespace: true, max: 200 }]}><Input /></Form.Item>
        </Form>
      </Modal>
      <Modal open={line !== null} title={`${t(line?.safe ? 'not_safe_after_all' : 'record_safe')}: ${line?.head_name ?? ''}`} onCancel={() => setLine(null)} onOk={() => safe.submit()} confirmLoading={record.isPending}>
        <Form form={safe} layout="vertical" onFinish={(given) => line && record.mutate({ point, line, given: { ...given, reason: line.safe ? null : given.reason } })}>
          {!line?.safe && <Form.Item name="reason" label={t('safe_how')} rules={[{ required: true }]}><SafetyReasons /></Form.Item>}
          {!line?.safe && <Form.Item name="date" label={t('safe_since')}><Day max={today()} /></Form.Item>}
          <Form.Item name="evidence" label={t('safe_evidence')} rules={[{ required: true, whitespace: true, max: 200 }]}><Input /></Form.Item>
        </Form>
      </Modal>
    </div>
  );
}

function SafetyReasons(props: { value?: string; onChange?: (value: string) => void }) {
  const { options } = useWords();
  return <Select {...props} options={options('safety_reason')} />;
}

interface FactsForm extends Omit<HazardFacts, 'assessment' | 'position'> {
  assessment_number?: string;
  assessment_date?: string;
  cannot?: 'yes' | 'no';
  longitude?: number | null;
  latitude?: number | null;
}

/** The facts of a new point, or of one that is edited. */
function FactsDialog({ point, close }: { point?: HazardDetail; close: () => void }) {
  const { t, options } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [form] = Form.useForm<FactsForm>();
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const save = useMutation({
    mutationFn: (given: FactsForm) => {
      const { assessment_number, assessment_date, cannot, longitude, latitude, ...facts } = given;
      const all: HazardFacts = {
        ...facts,
        name: facts.name ?? null, scale: facts.scale ?? null, risk: facts.risk ?? null, extent: facts.extent ?? null, layer_feature: facts.layer_feature ?? null,
        threatened_households: facts.threatened_households ?? null, threatened_persons: facts.threatened_persons ?? null,
        assessment: assessment_number && assessment_date && cannot ? { number: assessment_number, date: assessment_date, cannot_be_made_safe: cannot === 'yes' } : null,
        position: typeof longitude === 'number' && typeof latitude === 'number' ? { longitude, latitude } : null,
      };
      return point ? api.editHazardPoint(point, all) : api.registerHazardPoint(all);
    },
    onSuccess: (saved) => {
      message.success(t('saved'));
      close();
      client.setQueryData(['hazard-point', saved.id], saved);
      return client.invalidateQueries({ queryKey: ['hazard-points'] });
    },
  });
  const together = ({ getFieldValue }: { getFieldValue: (name: keyof FactsForm) => unknown }) => ({
    validator: async () => {
      const given = (['assessment_number', 'assessment_date', 'cannot'] as const).filter((name) => getFieldValue(name)).length;
      if (given !== 0 && given !== 3) throw new Error(t('hazard_assessment_together'));
    },
  });
  const start: Partial<FactsForm> = point
    ? { ...point, assessment_number: point.assessment?.number ?? '', assessment_date: point.assessment?.date ?? '', longitude: point.position?.longitude ?? null, latitude: point.position?.latitude ?? null, ...(point.assessment ? { cannot: point.assessment.cannot_be_made_safe ? 'yes' as const : 'no' as const } : {}) }
    : { state: 'active' };
  const names = ['code', 'name', 'area', 'kind', 'scale', 'risk', 'state', 'extent', 'threatened_households', 'threatened_persons', 'layer_feature', 'assessment_number', 'assessment_date', 'cannot', 'longitude', 'latitude'] as const;
  const initial = Object.fromEntries(names.map((name) => [name, start[name]]));
  const tight = { marginBottom: 12 };
  // The three of an assessment, and the two of a position, stand in a row of their own.
  const row = { ...tight, gridColumnStart: 1 };
  return (
    <Modal open width={760} title={t(point ? 'hazard_edit' : 'hazard_add')} onCancel={close} onOk={() => form.submit()} confirmLoading={save.isPending}>
      <Wrong error={save.error} />
      <Form form={form} layout="vertical" onFinish={(given) => save.mutate(given)} initialValues={initial}>
        <div className="fields">
          <Form.Item name="code" label={t('hazard_code')} rules={[{ required: true, whitespace: true, max: 200 }]} style={tight}><Input /></Form.Item>
          <Form.Item name="name" label={t('hazard_name')} style={tight}><Input maxLength={200} /></Form.Item>
          <Form.Item name="area" label={t('hazard_area')} rules={[{ required: true }]} style={tight}><TreeSelect showSearch={{ treeNodeFilterProp: 'title' }} treeData={areaTree(areas.data ?? [])} /></Form.Item>
          <Form.Item name="kind" label={t('hazard_kind')} rules={[{ required: true }]} style={tight}><Select options={options('hazard_kind')} /></Form.Item>
          <Form.Item name="scale" label={t('hazard_scale')} style={tight}><Select allowClear options={options('hazard_scale')} /></Form.Item>
          <Form.Item name="risk" label={t('hazard_risk')} style={tight}><Select allowClear options={options('hazard_risk')} /></Form.Item>
          <Form.Item name="state" label={t('hazard_state')} rules={[{ required: true }]} style={tight}><Select options={options('hazard_state').filter((state) => state.value !== 'closed')} /></Form.Item>
          <Form.Item name="extent" label={t('hazard_extent')} style={tight}><Select allowClear options={options('relocation_extent')} /></Form.Item>
          <Form.Item name="layer_feature" label={t('hazard_layer')} style={tight}><Input maxLength={200} /></Form.Item>
          <Form.Item name="threatened_households" label={t('hazard_households')} style={tight}><InputNumber min={0} max={1_000_000} precision={0} style={{ width: '100%' }} /></Form.Item>
          <Form.Item name="threatened_persons" label={t('hazard_persons')} style={tight}><InputNumber min={0} max={10_000_000} precision={0} style={{ width: '100%' }} /></Form.Item>
          <Form.Item name="assessment_number" label={t('hazard_assessment_number')} dependencies={['assessment_date', 'cannot']} rules={[together]} style={row}><Input maxLength={200} /></Form.Item>
          <Form.Item name="assessment_date" label={t('hazard_assessment_date')} style={tight}><Day max={today()} /></Form.Item>
          <Form.Item name="cannot" label={t('hazard_cannot')} style={tight}><Select allowClear options={[{ value: 'yes', label: t('yes') }, { value: 'no', label: t('no') }]} /></Form.Item>
          <Form.Item name="longitude" label={t('longitude')} style={row}><InputNumber min={73} max={136} step={0.00001} style={{ width: '100%' }} /></Form.Item>
          <Form.Item name="latitude" label={t('latitude')} style={tight}><InputNumber min={3} max={54} step={0.00001} style={{ width: '100%' }} /></Form.Item>
        </div>
      </Form>
    </Modal>
  );
}
