// The plan: totals with their proof, charts, sites, who goes where and why.

import { DownloadOutlined, QuestionCircleOutlined } from '@ant-design/icons';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Input, Progress, Select, Table, Tabs, Tag, Tooltip } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';

import { address, api } from './api/client';
import type { Assignment, PlannedSite } from './api/types';
import { Chart } from './chart';
import { instant, kilometres, percent, tenThousandYuan, useWords, whole } from './language';
import { Title, Waiting } from './parts';
import { useFilters } from './query';

export default function PlanPage() {
  const { t, of, code, language } = useWords();
  const { filters, set } = useFilters();
  const [trail, setTrail] = useState<string[]>([]);
  const query = useQuery({ queryKey: ['plan'], queryFn: api.plan });
  const figures = useQuery({ queryKey: ['plan-figures'], queryFn: api.planFigures });
  const { tab, ...wanted } = filters;
  const assignments = useQuery({ queryKey: ['assignments', wanted], queryFn: ({ signal }) => api.assignments({ ...wanted, limit: 50 }, signal), placeholderData: keepPreviousData });
  const charts = useMemo(() => {
    const data = figures.data;
    if (!data) return null;
    const grid = { left: 8, right: 16, top: 34, bottom: 4, containLabel: true };
    return {
      townships: {
        grid, legend: { top: 0, type: 'scroll', itemWidth: 14, itemGap: 8 }, tooltip: { trigger: 'axis' }, xAxis: { type: 'value' }, yAxis: { type: 'category', axisLabel: { interval: 0 }, data: data.by_township.map((row) => row.name).reverse() },
        series: [
          { name: t('in_own'), type: 'bar', stack: 'all', data: data.by_township.map((row) => row.own_township).reverse() },
          { name: t('in_other'), type: 'bar', stack: 'all', data: data.by_township.map((row) => row.placed - row.own_township).reverse() },
          { name: t('other_pathway'), type: 'bar', stack: 'all', data: data.by_township.map((row) => row.other_pathway).reverse() },
          { name: t('unplaced'), type: 'bar', stack: 'all', data: data.by_township.map((row) => row.unplaced).reverse() },
        ],
      },
      distances: {
        grid: { ...grid, top: 12, right: 34 }, tooltip: { trigger: 'axis' }, xAxis: { type: 'category', name: 'km', data: data.distance_histogram.map((bin) => (bin.to_m === null ? `≥ ${bin.from_m / 1000}` : `${bin.from_m / 1000}–${bin.to_m / 1000}`)) }, yAxis: { type: 'value' },
        series: [{ type: 'bar', data: data.distance_histogram.map((bin) => bin.households), barWidth: '70%' }],
      },
    };
  }, [figures.data, t]);
  if (query.isPending || query.error) return <Waiting query={query} />;
  if (!query.data) return <div className="panel">{t('no_plan')} <Link to="/jobs">{t('jobs')}</Link></div>;
  const { totals, sites, unused, made_at, pack } = query.data;
  const help = (text: string) => <Tooltip title={text}><QuestionCircleOutlined style={{ color: '#8a958f', marginLeft: 5 }} /></Tooltip>;
  const cards: [React.ReactNode, string, string][] = [
    [t('placed'), `${whole(totals.households_placed)}`, `/ ${whole(totals.households_to_move)} ${t('households')}`],
    [t('sites'), whole(totals.sites_opened), ''],
    [<>{t('concentration')}{help(t('concentration_help'))}</>, percent(totals.concentration_rate), ''],
    [<>{t('own_township')}{help(t('own_township_help'))}</>, percent(totals.own_township_rate), ''],
    [<>{t('cohesion')}{help(t('cohesion_help'))}</>, percent(totals.cohesion), ''],
    [t('mean_distance'), kilometres(totals.mean_distance_m), 'km'],
    [t('cost'), tenThousandYuan(totals.cost), t('wan')],
    [<>{t('gap')}{help(t('gap_help'))}</>, percent(totals.gap, 2), ''],
  ];
  const parts = figures.data?.cost_parts ?? [];
  return (
    <div data-testid="plan">
      <Title extra={<span className="label">{t('made_at')} {instant(made_at)} · {t('pack')} {pack}</span>}>{t('plan')}</Title>
      <div className="grid">
        {cards.map(([label, figure, unit], index) => (
          <div className="panel w3 half" key={index}><div className="label">{label}</div><div className="figure" data-testid={index === 0 ? 'placed' : undefined}>{figure}<small>{unit}</small></div></div>
        ))}
        <div className="panel w5"><h2>{t('by_township')}</h2>{charts && <div style={{ height: 380 }}><Chart key={language} option={charts.townships} label={t('by_township')} /></div>}</div>
        <div className="panel w4"><h2>{t('distance_chart')}</h2>{charts && <div style={{ height: 330 }}><Chart option={charts.distances} label={t('distance_chart')} /></div>}<p className="label">{t('proof', { bound: tenThousandYuan(totals.lower_bound), objective: tenThousandYuan(totals.objective) })}</p></div>
        <div className="panel w3">
          <h2>{t('cost_chart')}</h2>
          {parts.map((part) => <div key={part.key} style={{ marginBottom: 10 }}><div style={{ display: 'flex', justifyContent: 'space-between' }}><span>{of(part.name)}</span><b>{tenThousandYuan(part.amount)}</b></div><Progress percent={Math.round((part.amount / Math.max(totals.cost, 1)) * 100)} size="small" /></div>)}
          <div style={{ display: 'flex', justifyContent: 'space-between', borderTop: '1px solid #dfe5df', paddingTop: 8 }}><span>{t('budget')}</span><b>{tenThousandYuan(totals.budget)}</b></div>
          <h2 style={{ marginTop: 16 }}>{t('tiers')}</h2>
          {figures.data?.by_tier.map((row) => <div key={row.tier ?? ''} style={{ display: 'flex', justifyContent: 'space-between', gap: 12 }}><span>{row.tier ? code('tier', row.tier) : t('stock_housing')}</span><span>{t('sites_households', { sites: row.sites, households: whole(row.households) })}</span></div>)}
        </div>
        <div className="panel w12">
          <Tabs activeKey={tab ?? (filters.to ? 'assignments' : 'sites')} onChange={(key) => set({ tab: key })} items={[
            { key: 'sites', label: `${t('sites')} ${sites.length}`, children: (
              <Table<PlannedSite> size="small" rowKey="site" dataSource={sites} scroll={{ x: 1100 }} pagination={{ pageSize: 15, showSizeChanger: false, hideOnSinglePage: true }}
                expandable={{ expandedRowRender: (site) => <div><p style={{ margin: 0 }}>{of(site.explanation)}</p><p style={{ margin: '6px 0 0' }}>{t('facilities')}: {site.facilities.map((name) => <Tag key={name.en}>{of(name)}</Tag>)}</p><p style={{ margin: '6px 0 0' }}>{t('existing')}: {site.existing_facilities.length === 0 ? '—' : site.existing_facilities.map((name) => <Tag color="green" key={name.en}>{of(name)}</Tag>)}</p></div> }}
                columns={[
                  { title: t('site'), dataIndex: 'name', render: (name: string, site) => (site.kind === 'new_build' ? <Link to={`/map?candidate=${site.site}&longitude=${site.centre[0]}&latitude=${site.centre[1]}`}>{name}</Link> : name) },
                  { title: t('township'), dataIndex: 'area_name' },
                  { title: t('tier'), dataIndex: 'tier', render: (tier: string | null) => (tier ? code('tier', tier) : t('stock_housing')) },
                  { title: t('households'), dataIndex: 'households', align: 'right', sorter: (a, b) => a.households - b.households, render: whole },
                  { title: t('persons'), dataIndex: 'persons', align: 'right', render: whole },
                  { title: t('fill'), align: 'right', render: (_, site) => percent(site.households / Math.max(site.capacity_households, 1), 0) },
                  { title: `${t('opening_cost')} (${t('wan')})`, dataIndex: 'opening_cost', align: 'right', sorter: (a, b) => a.opening_cost - b.opening_cost, render: tenThousandYuan },
                  { title: `${t('facilities')} / ${t('existing')}`, align: 'right', render: (_, site) => `${site.facilities.length} / ${site.existing_facilities.length}` },
                  { title: '', render: (_, site) => <a onClick={() => { setTrail([]); set({ tab: 'assignments', site: site.site }); }}>{t('assignments')}</a> },
                ]} />
            ) },
            { key: 'assignments', label: t('assignments'), children: (
              <>
                <div className="filters">
                  <Input.Search allowClear style={{ width: 250 }} placeholder={t('search_households')} defaultValue={filters.search} onSearch={(search) => { setTrail([]); set({ search, tab: 'assignments' }); }} />
                  <Select allowClear style={{ width: 150 }} placeholder={t('destination')} value={filters.to} onChange={(to) => { setTrail([]); set({ to, tab: 'assignments' }); }} options={[{ value: 'site', label: t('site') }, { value: 'pathway', label: t('other_pathway') }, { value: 'unplaced', label: t('unplaced') }]} />
                  <Select allowClear showSearch={{ optionFilterProp: 'label' }} style={{ width: 170 }} placeholder={t('site')} value={filters.site} onChange={(site) => { setTrail([]); set({ site, tab: 'assignments' }); }} options={sites.map((site) => ({ value: site.site, label: site.name }))} />
                  <span style={{ flex: 1 }} /><Button icon={<DownloadOutlined />} href={address('/plan/assignments.xlsx', { to: filters.to, site: filters.site, search: filters.search })}>{t('export_xlsx')}</Button>
                </div>
                <Table<Assignment> size="small" rowKey="id" dataSource={assignments.data?.items ?? []} pagination={false} scroll={{ x: 1100 }} columns={[
                  { title: t('group'), dataIndex: 'area_name', width: 210 },
                  { title: t('group_households'), dataIndex: 'household_count', align: 'right' },
                  { title: t('destination'), render: (_, row) => (row.to === 'site' ? <Tag color="green">{row.site_name}</Tag> : row.to === 'pathway' ? <Tag>{code('pathway', row.pathway)}</Tag> : <Tag color="red">{t('unplaced')}</Tag>) },
                  { title: `${t('distance')} (km)`, align: 'right', render: (_, row) => (row.to === 'site' ? kilometres(row.distance_m) : '') },
                  { title: t('why'), render: (_, row) => of(row.explanation) },
                  { title: t('next_best'), dataIndex: 'next_best_name' },
                  { title: `${t('extra')} (${t('wan')})`, align: 'right', render: (_, row) => (row.next_best_extra === null ? '' : tenThousandYuan(row.next_best_extra)) },
                ]} />
                <div className="pages">
                  <span>{assignments.data ? t('total_items', { n: whole(assignments.data.total) }) : ''}</span>
                  <Button disabled={trail.length === 0} onClick={() => { const back = trail.slice(0, -1); setTrail(back); set({ after: back.at(-1) ?? null }); }}>{t('previous_page')}</Button>
                  <Button disabled={!assignments.data?.next} onClick={() => { const next = assignments.data?.next; if (next) { setTrail([...trail, next]); set({ after: next }); } }}>{t('next_page')}</Button>
                </div>
              </>
            ) },
            { key: 'unused', label: t('unused_sites'), children: (
              <Table size="small" rowKey="site" dataSource={unused} pagination={{ pageSize: 15, showSizeChanger: false }} columns={[
                { title: t('code'), dataIndex: 'name' },
                { title: `${t('reduced_cost')} (${t('wan')})`, dataIndex: 'reduced_cost', align: 'right', render: tenThousandYuan },
              ]} />
            ) },
            { key: 'funds', label: t('funds'), children: (
              <Table size="small" rowKey="document" dataSource={figures.data?.funds ?? []} pagination={false} columns={[
                { title: t('funds'), dataIndex: 'source' }, { title: t('year'), dataIndex: 'year' }, { title: t('document'), dataIndex: 'document' },
                { title: `${t('amount')} (${t('wan')})`, dataIndex: 'amount', align: 'right', render: tenThousandYuan },
              ]} />
            ) },
          ]} />
        </div>
      </div>
    </div>
  );
}
