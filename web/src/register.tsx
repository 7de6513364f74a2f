// The register as a grid: search, filters, columns, saved views, rows picked across pages, batch actions, export of what is seen.

import { DownloadOutlined, ArrowDownOutlined, ArrowUpOutlined, LinkOutlined, PlusOutlined, SaveOutlined, SearchOutlined, SettingOutlined, StarOutlined } from '@ant-design/icons';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Checkbox, Empty, Form, Input, Modal, Popover, Segmented, Select, Space, Table, Tag, TreeSelect, type InputRef } from 'antd';
import type { ColumnType } from 'antd/es/table';
import { useCallback, useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';

import { address, api } from './api/client';
import type { CasesOpening, HouseholdDestination, HouseholdSummary, Selection, SessionUser } from './api/types';
import { ChangeSheetModal } from './bulk';
import { chosenColumns, countPicked, isPicked, moved, next, NOTHING, pick, pickPage, toggled, useGridKeys, useKept, useNarrow, type GridKey, type Picked } from './grid';
import { NewHousehold } from './household/form';
import { OpenCases } from './identification';
import { useWords, whole } from './language';
import { areaTree, Choice, Title, Waiting, Wrong } from './parts';
import { useFilters } from './query';
import type { Key } from './texts';

export function Destination({ to }: { to: HouseholdDestination | null }) {
  const { t, code } = useWords();
  if (!to) return <>—</>;
  if (to.to === 'site') return <Tag color="green">{to.site_name}</Tag>;
  if (to.to === 'pathway') return <Tag>{code('pathway', to.pathway)}</Tag>;
  return <Tag color="red">{t('unplaced')}</Tag>;
}

/** Every column, in its standard order: the key of its title, whether the server sorts by it, and its width. */
const COLUMNS = [
  { key: 'register_number', title: 'register_number', sorts: true, width: 108 },
  { key: 'head_name', title: 'head', sorts: true, width: 80 },
  { key: 'head_id_number', title: 'id_number', sorts: false, width: 166 },
  { key: 'area', title: 'address', sorts: true, width: 168 },
  { key: 'category', title: 'category', sorts: false, width: 84 },
  { key: 'persons', title: 'size_of_household', sorts: true, width: 76, english: 98 },
  { key: 'choice', title: 'choice', sorts: false, width: 88 },
  { key: 'pathway', title: 'pathway', sorts: false, width: 116 },
  { key: 'must_move', title: 'must_move', sorts: false, width: 56 },
  { key: 'urgency', title: 'urgency', sorts: false, width: 86 },
  { key: 'hazard_point', title: 'hazard_point', sorts: false, width: 116 },
  { key: 'open_items', title: 'items', sorts: false, width: 70 },
  { key: 'destination', title: 'destination', sorts: false, width: 92 },
] as const;
const ALL_COLUMNS = COLUMNS.map((column) => column.key as string);
const STANDARD = ALL_COLUMNS.filter((key) => key !== 'urgency' && key !== 'hazard_point');
const SIZES = ['50', '100', '200'] as const;
type Density = 'small' | 'middle' | 'large';

export default function RegisterPage() {
  const { t, code, options, language } = useWords();
  const { message } = App.useApp();
  const { filters, set, clear } = useFilters();
  const go = useNavigate();
  const narrow = useNarrow();
  const [recording, setRecording] = useState(false);
  const [trail, setTrail] = useState<string[]>([]);
  const [typed, setTyped] = useState(filters.search ?? '');
  const [picked, setPicked] = useState<Picked>(NOTHING);
  const [cursor, setCursor] = useState(-1);
  const [action, setAction] = useState<'sheet' | 'value' | 'open' | null>(null);
  const [kept, keepColumns] = useKept<string>('register.columns', '');
  const [density, setDensity] = useKept<Density>('register.density', 'small');
  const [size, setSize] = useKept<(typeof SIZES)[number]>('register.size', '50');
  const box = useRef<InputRef>(null);
  const { after, columns: named, ...wanted } = filters;
  const shown = chosenColumns(named ?? kept, ALL_COLUMNS, STANDARD);
  const me = useQuery<SessionUser>({ queryKey: ['session'], queryFn: api.session });
  const may = me.data?.may ?? [];
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({
    queryKey: ['households', wanted, after, size], queryFn: ({ signal }) => api.households({ ...wanted, after, limit: size }, signal), placeholderData: keepPreviousData,
  });
  const page = query.data;
  const rows = page?.items ?? [];
  const ids = rows.map((row) => row.id);
  const filter = useCallback((changes: Record<string, string | null | undefined>) => { setTrail([]); setPicked(NOTHING); setCursor(-1); set(changes); }, [set]);
  useEffect(() => {
    const wait = setTimeout(() => { if ((filters.search ?? '') !== typed) filter({ search: typed }); }, 300);
    return () => clearTimeout(wait);
  }, [typed, filters.search, filter]);
  const turn = (cursorOfPage: string | null, steps: string[]) => { setTrail(steps); setCursor(-1); set({ after: cursorOfPage }); };
  useGridKeys((key: GridKey) => {
    const row = rows[cursor];
    if (key === 'search') box.current?.focus();
    if (key === 'down') setCursor(next(cursor, 1, rows.length));
    if (key === 'up') setCursor(next(cursor, -1, rows.length));
    if (key === 'open' && row) go(`/register/${row.id}`);
    if (key === 'pick' && row) setPicked(pick(picked, row.id, ids));
  });
  useEffect(() => { document.querySelector('.row-cursor')?.scrollIntoView({ block: 'nearest' }); }, [cursor]);
  const choose = (columns: string[]) => { keepColumns(columns.join(',')); set({ columns: columns.join(','), after }); };
  const yesNo = [{ value: 'true', label: t('yes') }, { value: 'false', label: t('no') }];
  const order = (key: string) => (filters.sort === key ? 'ascend' as const : filters.sort === `-${key}` ? 'descend' as const : null);
  const cell: Record<string, (row: HouseholdSummary) => ReactNode> = {
    register_number: (row) => <Link to={`/register/${row.id}`} data-testid="household">{row.register_number}</Link>,
    head_name: (row) => row.head_name,
    head_id_number: (row) => row.head_id_number,
    area: (row) => row.area_name,
    category: (row) => code('category', row.category),
    persons: (row) => row.persons,
    choice: (row) => <Choice code={row.choice} />,
    pathway: (row) => code('pathway', row.pathway),
    must_move: (row) => (row.must_move ? t('yes') : ''),
    urgency: (row) => (row.urgency ? code('urgency', row.urgency) : ''),
    hazard_point: (row) => row.hazard_point ?? '',
    open_items: (row) => (row.open_items ? <Tag color="volcano">{row.open_items}</Tag> : ''),
    destination: (row) => <Destination to={row.destination} />,
  };
  const columns: ColumnType<HouseholdSummary>[] = shown.flatMap((key) => {
    const column = COLUMNS.find((known) => known.key === key);
    if (!column) return [];
    const sorting = column.sorts ? { sorter: true, sortOrder: order(key) } : {};
    return [{ key, title: t(column.title as Key), width: language === 'en' && 'english' in column ? column.english : column.width, ellipsis: key === 'area', align: key === 'persons' || key === 'open_items' ? 'right' as const : 'left' as const, ...sorting, render: (_: unknown, row: HouseholdSummary) => cell[key]?.(row) }];
  });
  const asSeen = { ...wanted, columns: shown.join(',') };
  const total = page?.total ?? 0;
  // A search that finds very many is not counted to its end.
  const counted = `${whole(total)}${page?.at_least ? '+' : ''}`;
  const count = countPicked(picked, total);
  const selection: Selection = picked.all ? { query: queryOf(wanted) } : { households: [...picked.rows], query: queryOf({ sort: wanted.sort }) };
  const exportPicked = () => (picked.all ? window.location.assign(address('/register/households.xlsx', asSeen)) : api.exportPicked([...picked.rows], { columns: shown.join(','), sort: wanted.sort }).catch((error: unknown) => message.error(String(error))));
  const pageStart = trail.length * Number(size);
  return (
    <div data-testid="register">
      <Title extra={(
        <Space wrap>
          {may.includes('edit_register') && <Button type="primary" icon={<PlusOutlined />} onClick={() => setRecording(true)} data-testid="new-household">{t('new_household')}</Button>}
          <Button onClick={() => go('/consents')}>{t('consent_by_village')}</Button>
          <Views query={new URLSearchParams(Object.entries({ ...wanted, columns: shown.join(',') }).filter((entry): entry is [string, string] => Boolean(entry[1]))).toString()} apply={(text) => { setPicked(NOTHING); setTrail([]); const view = new URLSearchParams(text); setTyped(view.get('search') ?? ''); go(`/register?${text}`); }} />
          <Popover trigger="click" placement="bottomRight" content={<ColumnChooser shown={shown} choose={choose} density={density} setDensity={setDensity} />}><Button icon={<SettingOutlined />} data-testid="columns">{t('columns')}</Button></Popover>
          <Button icon={<DownloadOutlined />} href={address('/register/households.xlsx', asSeen)}>{t('export_xlsx')}</Button>
          {!narrow && <Button href={address('/register/households.csv', asSeen)}>{t('export_csv')}</Button>}
          {!narrow && may.includes('ask_bulk_change') && <Button onClick={() => { setPicked({ all: true }); setAction('sheet'); }} data-testid="change-sheet">{t('change_sheet')}</Button>}
        </Space>
      )}>{t('register')} {page && <span className="label">{t('total', { n: counted })}</span>}</Title>
      <div className="filters">
        <Input ref={box} allowClear prefix={<SearchOutlined />} style={{ width: 210 }} placeholder={t('search_households')} title={`${t('search_households')} ( / )`} value={typed} onChange={(event) => setTyped(event.target.value)} onKeyDown={(event) => { if (event.key === 'Escape') box.current?.blur(); }} data-testid="search" />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 140 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} onChange={(area) => filter({ area })} />
        <Select allowClear style={{ width: 112 }} placeholder={t('category')} value={filters.category} options={options('category')} onChange={(category) => filter({ category })} />
        <Select allowClear style={{ width: 108 }} placeholder={t('choice')} value={filters.choice} options={options('consent_choice')} onChange={(choice) => filter({ choice })} />
        <Select allowClear style={{ width: 112 }} placeholder={t('pathway')} value={filters.pathway} options={options('pathway')} onChange={(pathway) => filter({ pathway })} />
        <Select allowClear style={{ width: 98 }} placeholder={t('must_move')} value={filters.must_move} options={yesNo} onChange={(must_move) => filter({ must_move })} />
        <Select allowClear style={{ width: 104 }} placeholder={t('items')} title={t('has_items')} value={filters.open_items} options={yesNo} onChange={(open_items) => filter({ open_items })} />
        <Select allowClear style={{ width: 104 }} placeholder={t('show_status')} value={filters.status} options={[...options('household_status'), { value: 'all', label: t('all') }]} onChange={(status) => filter({ status })} />
        {Object.keys(wanted).length > 0 && <Button type="link" style={{ padding: 0 }} onClick={() => { setTyped(''); setTrail([]); setPicked(NOTHING); clear(); }}>{t('clear')}</Button>}
      </div>
      {count > 0 && (
        <div className="picked" data-testid="picked">
          <b>{picked.all ? t('picked_all', { n: whole(count) }) : t('picked', { n: whole(count) })}</b>
          {!picked.all && total > count && <Button type="link" size="small" onClick={() => setPicked({ all: true })} data-testid="pick-all">{t('pick_all', { n: whole(total) })}</Button>}
          <Button type="link" size="small" onClick={() => setPicked(NOTHING)}>{t('pick_none')}</Button>
          <span style={{ flex: 1 }} />
          <Button size="small" onClick={exportPicked}>{t('export_picked')}</Button>
          {may.includes('ask_bulk_change') && <Button size="small" onClick={() => setAction('sheet')}>{t('change_sheet')}</Button>}
          {may.includes('ask_bulk_change') && <Button size="small" onClick={() => setAction('value')} data-testid="set-value">{t('set_value')}</Button>}
          {may.includes('review_in_village') && (!picked.all || within(wanted, ['area', 'category'])) && <Button size="small" onClick={() => setAction('open')}>{t('start_identification')}</Button>}
          {may.includes('draft_roster') && picked.all && wanted.category && within(wanted, DRAFTED) && <Link to={`/rosters?${new URLSearchParams({ draft: 'true', ...narrowed(wanted, DRAFTED) })}`}><Button size="small">{t('draft_from_filter')}</Button></Link>}
        </div>
      )}
      {rows.length === 0 ? <div className="panel"><Waiting query={query} /></div> : narrow ? (
        <div className="cards">
          {rows.map((row) => (
            <div key={row.id} className={`panel card${isPicked(picked, row.id) ? ' row-selected' : ''}`}>
              <div className="card-head"><Checkbox checked={isPicked(picked, row.id)} onChange={() => setPicked(pick(picked, row.id, ids))} aria-label={row.register_number} /><b>{row.head_name}</b>{cell['register_number']?.(row)}<span style={{ flex: 1 }} /><Choice code={row.choice} /></div>
              <dl className="facts" style={{ margin: 0 }}>{shown.filter((key) => !['register_number', 'head_name', 'choice'].includes(key)).map((key) => <FactOf key={key} title={t(COLUMNS.find((column) => column.key === key)?.title as Key)}>{cell[key]?.(row)}</FactOf>)}</dl>
            </div>
          ))}
        </div>
      ) : (
        <Table<HouseholdSummary>
          size={density} rowKey="id" dataSource={rows} pagination={false} loading={query.isFetching && query.isPlaceholderData} sticky scroll={{ x: columns.reduce((sum, column) => sum + Number(column.width), 38) }}
          rowClassName={(row, index) => `clickable${isPicked(picked, row.id) ? ' row-selected' : ''}${index === cursor ? ' row-cursor' : ''}`} onRow={(row) => ({ onClick: () => go(`/register/${row.id}`) })}
          rowSelection={{
            columnWidth: 38, selectedRowKeys: ids.filter((id) => isPicked(picked, id)),
            onSelect: (row) => setPicked(pick(picked, row.id, ids)), onSelectAll: () => setPicked(pickPage(picked, ids)), onCell: () => ({ onClick: (event) => event.stopPropagation() }),
          }}
          onChange={(_, __, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            filter({ sort: one?.order ? `${one.order === 'descend' ? '-' : ''}${String(one.columnKey)}` : null });
          }}
          columns={columns}
        />
      )}
      {recording && <NewHousehold areas={areas.data ?? []} close={() => setRecording(false)} />}
      <div className="pages">
        {!narrow && <span className="label" style={{ marginRight: 'auto' }}>{t('grid_keys')}</span>}
        <span data-testid="total">{page ? (trail.length > 0 || !after ? t('rows_shown', { from: whole(total === 0 ? 0 : pageStart + 1), to: whole(pageStart + rows.length), n: counted }) : t('total', { n: counted })) : ''}</span>
        <Select size="small" style={{ width: 118 }} value={size} options={SIZES.map((value) => ({ value, label: t('per_page', { n: value }) }))} onChange={(value) => { setSize(value); turn(null, []); }} aria-label={t('per_page', { n: size })} />
        <Button size="small" disabled={!after} onClick={() => turn(null, [])}>{t('first_page')}</Button>
        <Button size="small" disabled={trail.length === 0} onClick={() => { const back = trail.slice(0, -1); turn(back.at(-1) ?? null, back); }}>{t('previous_page')}</Button>
        <Button size="small" disabled={!page?.next} onClick={() => { if (page?.next) turn(page.next, [...trail, page.next]); }}>{t('next_page')}</Button>
      </div>
      {action === 'sheet' && <ChangeSheetModal selection={selection} count={count} close={() => setAction(null)} />}
      {action === 'value' && <OneValue selection={selection} count={count} close={() => setAction(null)} />}
      {action === 'open' && <OpenCases title={`${t('start_identification')} · ${t('picked', { n: whole(count) })}`} households={picked.all ? { area: wanted.area ?? null, category: (wanted.category ?? null) as CasesOpening['category'] } : { households: [...picked.rows] }} close={() => setAction(null)} />}
    </div>
  );
}

function FactOf({ title, children }: { title: string; children: ReactNode }) {
  return children === '' || children === null ? null : <><dt>{title}</dt><dd>{children}</dd></>;
}

/** Filters as the API takes them in a body: yes and no as such. */
export function queryOf(wanted: Record<string, string | undefined>): Record<string, string | boolean> {
  const query: Record<string, string | boolean> = {};
  for (const [key, value] of Object.entries(wanted)) {
    if (value === undefined || value === '') continue;
    query[key] = key === 'must_move' || key === 'open_items' ? value === 'true' : value;
  }
  return query;
}

/** The filters that a roster is drafted from; any other would be left out silently. */
const DRAFTED = ['category', 'area', 'choice', 'must_move', 'open_items'];

const within = (wanted: Record<string, string | undefined>, keys: string[]) => Object.keys(wanted).every((key) => keys.includes(key) || key === 'sort');

function narrowed(wanted: Record<string, string | undefined>, keys: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(wanted).filter((entry): entry is [string, string] => keys.includes(entry[0]) && Boolean(entry[1])));
}

/** Which columns are shown, in which order, and how close the rows stand. */
function ColumnChooser({ shown, choose, density, setDensity }: { shown: string[]; choose: (columns: string[]) => void; density: Density; setDensity: (density: Density) => void }) {
  const { t } = useWords();
  const hidden = ALL_COLUMNS.filter((key) => !shown.includes(key));
  return (
    <div style={{ width: 250 }} data-testid="column-chooser">
      {[...shown, ...hidden].map((key) => (
        <div key={key} className="column-choice">
          <Checkbox checked={shown.includes(key)} onChange={() => choose(toggled(shown, key, ALL_COLUMNS))}>{t(COLUMNS.find((column) => column.key === key)?.title as Key)}</Checkbox>
          <span style={{ flex: 1 }} />
          {shown.includes(key) && (
            <>
              <Button size="small" type="text" icon={<ArrowUpOutlined />} disabled={shown[0] === key} onClick={() => choose(moved(shown, key, -1))} aria-label={t('column_up')} title={t('column_up')} />
              <Button size="small" type="text" icon={<ArrowDownOutlined />} disabled={shown.at(-1) === key} onClick={() => choose(moved(shown, key, 1))} aria-label={t('column_down')} title={t('column_down')} />
            </>
          )}
        </div>
      ))}
      <Button type="link" size="small" style={{ padding: 0 }} onClick={() => choose(STANDARD)}>{t('columns_default')}</Button>
      <div style={{ marginTop: 8 }}><span className="label">{t('density')} </span><Segmented size="small" value={density} onChange={setDensity} options={(['small', 'middle', 'large'] as const).map((value) => ({ value, label: t(`density_${value}`) }))} /></div>
    </div>
  );
}

/** The caller's saved views of the register. */
function Views({ query, apply }: { query: string; apply: (query: string) => void }) {
  const { t, problem } = useWords();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const views = useQuery({ queryKey: ['views', 'register'], queryFn: () => api.views('register') });
  const onError = (error: unknown) => message.error(problem(error), 6);
  const onSuccess = () => client.invalidateQueries({ queryKey: ['views', 'register'] });
  const save = useMutation({ mutationFn: () => api.saveView('register', name, query), onSuccess: () => { setName(''); message.success(t('saved')); return onSuccess(); }, onError });
  const remove = useMutation({ mutationFn: (id: string) => api.deleteView(id), onSuccess, onError });
  const copy = () => navigator.clipboard.writeText(`${window.location.origin}/register?${query}`).then(() => message.success(t('copied')), onError);
  const content = (
    <div style={{ width: 300 }}>
      {views.data?.length === 0 && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_views')} />}
      {views.data?.map((view) => (
        <div key={view.id} className="column-choice"><Button type="link" style={{ padding: 0 }} onClick={() => { setOpen(false); apply(view.query); }}>{view.name}</Button><span style={{ flex: 1 }} /><Button type="text" size="small" danger onClick={() => remove.mutate(view.id)}>{t('delete')}</Button></div>
      ))}
      <Space.Compact style={{ width: '100%', marginTop: 8 }}>
        <Input value={name} maxLength={40} placeholder={t('view_name')} onChange={(event) => setName(event.target.value)} onPressEnter={() => name.trim() && save.mutate()} data-testid="view-name" />
        <Button type="primary" icon={<SaveOutlined />} disabled={!name.trim()} loading={save.isPending} onClick={() => save.mutate()}>{t('save_view')}</Button>
      </Space.Compact>
      <Button type="link" icon={<LinkOutlined />} style={{ padding: 0, marginTop: 8 }} onClick={copy}>{t('copy_link')}</Button>
    </div>
  );
  return <Popover trigger="click" placement="bottomRight" open={open} onOpenChange={setOpen} content={content}><Button icon={<StarOutlined />} data-testid="views">{t('saved_views')}</Button></Popover>;
}

/** One value for a field of all picked households, as a batch to be previewed. */
function OneValue({ selection, count, close }: { selection: Selection; count: number; close: () => void }) {
  const { t, of } = useWords();
  const go = useNavigate();
  const [form] = Form.useForm<{ field: string; value?: string; empty?: boolean }>();
  const name = Form.useWatch('field', form);
  const empty = Form.useWatch('empty', form);
  const columns = useQuery({ queryKey: ['sheet-columns'], queryFn: api.sheetColumns, staleTime: Infinity });
  const column = columns.data?.find((known) => known.field === name && !known.member);
  const prepare = useMutation({
    mutationFn: (wanted: { field: string; value?: string; empty?: boolean }) => api.setOneValue(selection, wanted.field, wanted.empty ? null : (wanted.value ?? null)),
    onSuccess: (batch) => go(`/bulk/${batch.id}`),
  });
  return (
    <Modal open title={`${t('set_value')} · ${t('picked', { n: whole(count) })}`} onCancel={close} onOk={() => form.submit()} okText={t('preview')} confirmLoading={prepare.isPending}>
      <p className="label">{t('set_value_why')}</p>
      <Wrong error={prepare.error} />
      <Form form={form} layout="vertical" onFinish={(wanted) => prepare.mutate(wanted)}>
        <Form.Item name="field" label={t('field')} rules={[{ required: true }]}>
          <Select showSearch={{ optionFilterProp: 'label' }} options={(columns.data ?? []).filter((known) => known.one_value).map((known) => ({ value: known.field, label: of(known.title) }))} onChange={() => form.setFieldsValue({ value: undefined, empty: false })} data-testid="value-field" />
        </Form.Item>
        {column && !empty && (
          <Form.Item name="value" label={t('new_value')} rules={[{ required: true }]}>
            {column.choices.length > 0 ? <Select options={column.choices.map((choice) => ({ value: choice.zh, label: of(choice) }))} data-testid="value-new" /> : <Input />}
          </Form.Item>
        )}
        {column?.clearable && <Form.Item name="empty" valuePropName="checked"><Checkbox>{t('make_empty')}</Checkbox></Form.Item>}
      </Form>
    </Modal>
  );
}
