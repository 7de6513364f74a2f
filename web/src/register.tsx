// The register: search, filters, pages, export of what is seen.

import { DownloadOutlined, PlusOutlined, SearchOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Input, Select, Space, Table, Tag, TreeSelect, type InputRef } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Link, useNavigate } from 'react-router';

import { address, api } from './api/client';
import type { HouseholdDestination, HouseholdSummary } from './api/types';
import { NewHousehold } from './household/form';
import { useWords, whole } from './language';
import { areaTree, Choice, Title, Waiting } from './parts';
import { useFilters } from './query';

export function Destination({ to }: { to: HouseholdDestination | null }) {
  const { t, code } = useWords();
  if (!to) return <>—</>;
  if (to.to === 'site') return <Tag color="green">{to.site_name}</Tag>;
  if (to.to === 'pathway') return <Tag>{code('pathway', to.pathway)}</Tag>;
  return <Tag color="red">{t('unplaced')}</Tag>;
}

export default function RegisterPage() {
  const { t, code, options } = useWords();
  const { filters, set, clear } = useFilters();
  const go = useNavigate();
  const session = useQuery({ queryKey: ['session'], queryFn: api.session });
  const may = session.data?.may.includes('edit_register') ?? false;
  const [recording, setRecording] = useState(false);
  const [trail, setTrail] = useState<string[]>([]);
  const [typed, setTyped] = useState(filters.search ?? '');
  const box = useRef<InputRef>(null);
  const { after, ...rest } = filters;
  const areas = useQuery({ queryKey: ['areas'], queryFn: api.areas, staleTime: 60_000 });
  const query = useQuery({
    queryKey: ['households', filters], queryFn: ({ signal }) => api.households({ ...filters, limit: 50 }, signal), placeholderData: keepPreviousData,
  });
  useEffect(() => {
    const wait = setTimeout(() => { if ((filters.search ?? '') !== typed) { setTrail([]); set({ search: typed }); } }, 300);
    return () => clearTimeout(wait);
  }, [typed, filters.search, set]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      if (event.key === '/' && !(event.target instanceof HTMLInputElement)) { event.preventDefault(); box.current?.focus(); }
    };
    window.addEventListener('keydown', focus);
    return () => window.removeEventListener('keydown', focus);
  }, []);
  const filter = (changes: Record<string, string | null | undefined>) => { setTrail([]); set(changes); };
  const yesNo = [{ value: 'true', label: t('yes') }, { value: 'false', label: t('no') }];
  const sorted = (key: string) => (filters.sort === key ? 'ascend' : filters.sort === `-${key}` ? 'descend' : null) as 'ascend' | 'descend' | null;
  const page = query.data;
  return (
    <div data-testid="register">
      <Title extra={<Space wrap>{may && <Button type="primary" icon={<PlusOutlined />} onClick={() => setRecording(true)} data-testid="new-household">{t('new_household')}</Button>}<Link to="/consents">{t('consent_by_village')}</Link><Button icon={<DownloadOutlined />} href={address('/register/households.xlsx', rest)}>{t('export_xlsx')}</Button><Button href={address('/register/households.csv', rest)}>{t('export_csv')}</Button></Space>}>{t('register')}</Title>
      <div className="filters">
        <Input ref={box} allowClear prefix={<SearchOutlined />} style={{ width: 290 }} placeholder={`${t('search_households')}  ( / )`} value={typed} onChange={(event) => setTyped(event.target.value)} data-testid="search" />
        <TreeSelect allowClear showSearch={{ treeNodeFilterProp: 'title' }} style={{ width: 200 }} placeholder={t('all_areas')} value={filters.area} treeData={areaTree(areas.data ?? [])} treeDefaultExpandedKeys={['619021']} onChange={(area) => filter({ area })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('category')} value={filters.category} options={options('category')} onChange={(category) => filter({ category })} />
        <Select allowClear style={{ width: 120 }} placeholder={t('choice')} value={filters.choice} options={options('consent_choice')} onChange={(choice) => filter({ choice })} />
        <Select allowClear style={{ width: 140 }} placeholder={t('pathway')} value={filters.pathway} options={options('pathway')} onChange={(pathway) => filter({ pathway })} />
        <Select allowClear style={{ width: 90 }} placeholder={t('must_move')} value={filters.must_move} options={yesNo} onChange={(must_move) => filter({ must_move })} />
        <Select allowClear style={{ width: 140 }} placeholder={t('has_items')} value={filters.open_items} options={yesNo} onChange={(open_items) => filter({ open_items })} />
        <Select allowClear style={{ width: 130 }} placeholder={t('show_status')} value={filters.status} options={[...options('household_status'), { value: 'all', label: t('all') }]} onChange={(status) => filter({ status })} />
        {Object.keys(filters).length > 0 && <Button type="link" onClick={() => { setTyped(''); setTrail([]); clear(); }}>{t('clear')}</Button>}
      </div>
      {!page || page.items.length === 0 ? <div className="panel"><Waiting query={query} /></div> : (
        <Table<HouseholdSummary>
          size="small" rowKey="id" dataSource={page.items} pagination={false} loading={query.isFetching && query.isPlaceholderData} scroll={{ x: 1080 }}
          rowClassName="clickable" onRow={(row) => ({ onClick: () => go(`/register/${row.id}`) })}
          onChange={(_, __, sorter) => {
            const one = Array.isArray(sorter) ? sorter[0] : sorter;
            filter({ sort: one?.order ? `${one.order === 'descend' ? '-' : ''}${String(one.columnKey)}` : null });
          }}
          columns={[
            { title: t('register_number'), dataIndex: 'register_number', key: 'register_number', sorter: true, sortOrder: sorted('register_number'), render: (number: string, row) => <Link to={`/register/${row.id}`} data-testid="household">{number}</Link> },
            { title: t('head'), dataIndex: 'head_name', key: 'head_name', sorter: true, sortOrder: sorted('head_name') },
            { title: t('id_number'), dataIndex: 'head_id_number', className: 'nowrap' },
            { title: t('address'), dataIndex: 'area_name', key: 'area', sorter: true, sortOrder: sorted('area') },
            { title: t('category'), dataIndex: 'category', render: (category: string) => code('category', category) },
            { title: t('persons'), dataIndex: 'persons', key: 'persons', align: 'right', sorter: true, sortOrder: sorted('persons') },
            { title: t('choice'), dataIndex: 'choice', render: (choice: string | null) => <Choice code={choice} /> },
            { title: t('pathway'), dataIndex: 'pathway', render: (pathway: string | null) => code('pathway', pathway) },
            { title: t('must_move'), dataIndex: 'must_move', align: 'center', render: (must: boolean) => (must ? t('yes') : '') },
            { title: t('items'), dataIndex: 'open_items', align: 'right', render: (count: number) => (count ? <Tag color="volcano">{count}</Tag> : '') },
            { title: t('destination'), dataIndex: 'destination', render: (to: HouseholdDestination | null) => <Destination to={to} /> },
          ]}
        />
      )}
      {recording && <NewHousehold areas={areas.data ?? []} close={() => setRecording(false)} />}
      <div className="pages">
        <span data-testid="total">{page ? t('total', { n: `${whole(page.total)}${page.at_least ? '+' : ''}` }) : ''}</span>
        <Button disabled={trail.length === 0 && !after} onClick={() => { const back = trail.slice(0, -1); setTrail(back); set({ after: back.at(-1) ?? null }); }}>{t('previous_page')}</Button>
        <Button disabled={!page?.next} onClick={() => { if (page?.next) { setTrail([...trail, page.next]); set({ after: page.next }); } }}>{t('next_page')}</Button>
      </div>
    </div>
  );
}
