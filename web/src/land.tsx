// The map beside its tables: relief, suitability, layers, homes, candidates, and the plan's lines; selection is shared.

import { AimOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Button, Checkbox, Slider, Space, Table, Tabs, Tag } from 'antd';
import * as maplibregl from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';

import { address, api } from './api/client';
import type { Candidate, PlannedSite, PointVerdict } from './api/types';
import { useNarrow } from './grid';
import { decimal, kilometres, percent, useWords, whole } from './language';
import { Verdict, Waiting } from './parts';

maplibregl.setWorkerUrl(workerUrl);

const AREAS: [string, string][] = [
  ['hazard_zones', '#c2453a'], ['flood_zones', '#3b78b8'], ['ecological_red_line', '#2c7a3f'], ['permanent_basic_farmland', '#c9a227'],
  ['main_functional_zones', '#8a6bb1'], ['town_plan', '#d9822b'], ['industrial_parks', '#6b4f3a'],
];
const LINES: [string, string][] = [['roads', '#5d4a37'], ['rivers', '#3b8fc4'], ['townships', '#33433c']];
const POINTS: [string, string][] = [['hazard_points', '#a01c1c'], ['towns', '#16261f'], ['central_villages', '#5b6f3a'], ['facilities', '#7a4bb0']];
const SHOWN = ['hazard_zones', 'flood_zones', 'rivers', 'roads', 'townships', 'towns'];
const tile = (path: string) => `${location.origin}${address(`/tiles/${path}`)}`;

function style(): maplibregl.StyleSpecification {
  const sources: maplibregl.StyleSpecification['sources'] = {
    hillshade: { type: 'raster', tiles: [tile('hillshade/{z}/{x}/{y}.png')], tileSize: 256, maxzoom: 16 },
    suitability: { type: 'raster', tiles: [tile('suitability/{z}/{x}/{y}.png')], tileSize: 256, maxzoom: 16 },
    households: { type: 'vector', tiles: [tile('households/{z}/{x}/{y}.mvt')], maxzoom: 16 },
    candidates: { type: 'geojson', data: address('/land/candidates.geojson'), promoteId: 'id' },
    flows: { type: 'geojson', data: address('/plan/flows.geojson') },
    sites: { type: 'geojson', data: { type: 'FeatureCollection', features: [] } },
  };
  const layers: maplibregl.LayerSpecification[] = [
    { id: 'ground', type: 'background', paint: { 'background-color': '#e8ece8' } },
    { id: 'hillshade', type: 'raster', source: 'hillshade' },
    { id: 'suitability', type: 'raster', source: 'suitability', paint: { 'raster-opacity': 0.35 } },
  ];
  for (const [kind, colour] of AREAS) {
    sources[kind] = { type: 'vector', tiles: [tile(`layer/${kind}/{z}/{x}/{y}.mvt`)], maxzoom: 16 };
    layers.push({ id: kind, type: 'fill', source: kind, 'source-layer': kind, paint: { 'fill-color': colour, 'fill-opacity': 0.38, 'fill-outline-color': colour } });
  }
  for (const [kind, colour] of LINES) {
    sources[kind] = { type: 'vector', tiles: [tile(`layer/${kind}/{z}/{x}/{y}.mvt`)], maxzoom: 16 };
    layers.push({ id: kind, type: 'line', source: kind, 'source-layer': kind, paint: { 'line-color': colour, 'line-width': kind === 'townships' ? 1 : 1.4, ...(kind === 'townships' ? { 'line-dasharray': [4, 3] } : {}) } });
  }
  layers.push(
    { id: 'candidates', type: 'fill', source: 'candidates', paint: { 'fill-color': ['case', ['>', ['get', 'planned_households'], 0], '#e0a526', '#1f6f5c'], 'fill-opacity': 0.55 } },
    { id: 'candidates-edge', type: 'line', source: 'candidates', paint: { 'line-color': ['case', ['boolean', ['feature-state', 'selected'], false], '#b8412f', '#12352d'], 'line-width': ['case', ['boolean', ['feature-state', 'selected'], false], 3.5, 1] } },
    { id: 'households', type: 'circle', source: 'households', 'source-layer': 'households', paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 9, 1.3, 14, 4], 'circle-color': ['match', ['get', 'choice'], 'move', '#2e7d4f', 'stay', '#7d7d7d', '#d58a1c'], 'circle-opacity': 0.75 } },
    { id: 'flows', type: 'line', source: 'flows', paint: { 'line-color': '#7a2f1d', 'line-opacity': 0.55, 'line-width': ['interpolate', ['linear'], ['get', 'households'], 1, 0.6, 60, 4] } },
    { id: 'sites', type: 'circle', source: 'sites', paint: { 'circle-color': ['match', ['get', 'tier'], 'large', '#8c2f1b', 'medium', '#c9622b', 'small', '#e0a526', '#4b6fa5'], 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.5, 'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'households']], 3, 5, 30, 20] } },
  );
  for (const [kind, colour] of POINTS) {
    sources[kind] = { type: 'vector', tiles: [tile(`layer/${kind}/{z}/{x}/{y}.mvt`)], maxzoom: 16 };
    layers.push({ id: kind, type: 'circle', source: kind, 'source-layer': kind, paint: { 'circle-color': colour, 'circle-radius': kind === 'towns' ? 4 : 3, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1 } });
  }
  layers.push(
    { id: 'towns-names', type: 'symbol', source: 'towns', 'source-layer': 'towns', layout: { 'text-field': ['get', 'name'], 'text-size': 12, 'text-offset': [0, 1], 'text-anchor': 'top' }, paint: { 'text-halo-color': '#fff', 'text-halo-width': 1.4 } },
    { id: 'sites-names', type: 'symbol', source: 'sites', layout: { 'text-field': ['get', 'name'], 'text-size': 11 }, paint: { 'text-color': '#fff', 'text-halo-color': '#5b2a14', 'text-halo-width': 1.2 } },
  );
  for (const layer of layers) {
    const known = [...AREAS, ...LINES, ...POINTS].some(([kind]) => kind === layer.id);
    if (known && !SHOWN.includes(layer.id)) layer.layout = { ...layer.layout, visibility: 'none' } as never;
  }
  return { version: 8, sources, layers };
}

/** What is left free around the county: the list of layers lies over the map's left side. */
const around = (listed: boolean) => ({ top: 20, right: 20, bottom: 20, left: listed ? 216 : 20 });

export default function MapPage() {
  const { t, code, of } = useWords();
  const [parameters, setParameters] = useSearchParams();
  const selected = parameters.get('candidate');
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<maplibregl.Map | null>(null);
  const [ready, setReady] = useState(false);
  const [shown, setShown] = useState<Set<string>>(new Set([...SHOWN, 'hillshade', 'candidates', 'flows', 'sites', 'suitability', 'households']));
  const [opacity, setOpacity] = useState(35);
  const narrow = useNarrow();
  const [listed, setListed] = useState(!narrow);
  const [spot, setSpot] = useState<{ at: maplibregl.LngLat; verdict: PointVerdict } | null>(null);
  const land = useQuery({ queryKey: ['land'], queryFn: api.land });
  const candidates = useQuery({ queryKey: ['candidates'], queryFn: () => api.candidates({}) });
  const plan = useQuery({ queryKey: ['plan'], queryFn: api.plan });
  const bounds = land.data?.bounds as [number, number, number, number] | null | undefined;
  const longitude = parameters.get('longitude');
  const latitude = parameters.get('latitude');
  const select = (id: string | null) => setParameters((before) => {
    const after = new URLSearchParams(before);
    if (id === null) after.delete('candidate'); else after.set('candidate', id);
    return after;
  }, { replace: true });
  const selectLatest = useRef(select);
  selectLatest.current = select;

  useEffect(() => {
    if (!box.current || !bounds || map.current) return;
    const made = new maplibregl.Map({
      container: box.current, style: style(), attributionControl: false,
      ...(longitude && latitude ? { center: [Number(longitude), Number(latitude)], zoom: 14 } : { bounds, fitBoundsOptions: { padding: around(box.current.clientWidth > 600) } }),
    });
    made.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right');
    made.addControl(new maplibregl.ScaleControl({ maxWidth: 120 }));
    if (longitude && latitude) new maplibregl.Marker({ color: '#b8412f' }).setLngLat([Number(longitude), Number(latitude)]).addTo(made);
    made.on('idle', () => { setReady(true); box.current?.setAttribute('data-idle', 'true'); });
    made.on('error', (event) => console.error(event.error.message));
    made.on('click', (event) => {
      const hit = made.queryRenderedFeatures(event.point, { layers: ['candidates'] })[0];
      selectLatest.current(hit ? String(hit.properties['id']) : null);
      void api.landAt(event.lngLat.lng, event.lngLat.lat).then((verdict) => setSpot({ at: event.lngLat, verdict }), () => setSpot(null));
    });
    map.current = made;
    return () => { made.remove(); map.current = null; };
  }, [bounds, longitude, latitude]);

  useEffect(() => {
    const source = map.current?.getSource<maplibregl.GeoJSONSource>('sites');
    source?.setData({
      type: 'FeatureCollection',
      features: (plan.data?.sites ?? []).map((site) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: site.centre }, properties: { name: site.name, households: site.households, tier: site.tier ?? '' } })),
    });
  }, [plan.data, ready]);

  const before = useRef<string | null>(null);
  useEffect(() => {
    const here = map.current;
    if (!here || !ready) return;
    if (before.current) here.setFeatureState({ source: 'candidates', id: before.current }, { selected: false });
    if (selected) here.setFeatureState({ source: 'candidates', id: selected }, { selected: true });
    before.current = selected;
  }, [selected, ready]);

  const toggle = (id: string, on: boolean) => {
    const after = new Set(shown);
    if (on) after.add(id); else after.delete(id);
    setShown(after);
    const names: Record<string, string[]> = { candidates: ['candidates', 'candidates-edge'], towns: ['towns', 'towns-names'], sites: ['sites', 'sites-names'] };
    for (const layer of names[id] ?? [id]) map.current?.setLayoutProperty(layer, 'visibility', on ? 'visible' : 'none');
  };
  const chooser = (id: string, label: string, colour?: string) => (
    <label key={id}><Checkbox checked={shown.has(id)} onChange={(event) => toggle(id, event.target.checked)} />{colour && <i className="swatch" style={{ background: colour }} />}{label}</label>
  );
  const fly = (centre: [number, number]) => map.current?.flyTo({ center: centre, zoom: 13.5 });
  const chosen = candidates.data?.find((candidate) => candidate.id === selected);

  if (land.isPending || land.error) return <Waiting query={land} />;
  if (!bounds) return <div className="panel">{t('no_land_yet')} <Link to="/jobs">{t('run_land')}</Link></div>;
  return (
    <div className="map-page" data-testid="map-page">
      <div className="map-box">
        <div ref={box} className="map" data-testid="map" />
        <div className="map-layers">
          <Space size={6} style={{ marginBottom: listed ? 4 : 0 }}>
            <Button size="small" icon={<AimOutlined />} onClick={() => map.current?.fitBounds(bounds, { padding: around(listed) })}>{t('fit')}</Button>
            <Button size="small" aria-expanded={listed} onClick={() => setListed(!listed)} data-testid="layers">{t('layers')} {listed ? '▴' : '▾'}</Button>
          </Space>
          {listed && <>
          {chooser('hillshade', t('hillshade'))}
          {chooser('suitability', t('suitability'))}
          <Slider min={0} max={100} value={opacity} aria-label={t('opacity')} onChange={(value) => { setOpacity(value); map.current?.setPaintProperty('suitability', 'raster-opacity', value / 100); }} />
          {chooser('candidates', t('candidates'), '#1f6f5c')}
          {chooser('sites', t('planned_sites'), '#c9622b')}
          {chooser('flows', t('flows'), '#7a2f1d')}
          {[...AREAS, ...LINES, ...POINTS].map(([kind, colour]) => chooser(kind, code('layer_kind', kind), colour))}
          {chooser('households', t('show_households'), '#2e7d4f')}
          </>}
        </div>
      </div>
      <div className="map-side panel">
        {spot && (
          <div style={{ borderBottom: '1px solid #dfe5df', marginBottom: 8, paddingBottom: 8 }} data-testid="spot">
            <b>{t('why_here')}</b> <span className="label">{decimal(spot.at.lng, 5)}°, {decimal(spot.at.lat, 5)}°</span>
            <div>{t('slope')} {spot.verdict.slope_percent === null ? '—' : `${decimal(spot.verdict.slope_percent)} %`} · {t('elevation')} {spot.verdict.elevation_m === null ? '—' : `${whole(spot.verdict.elevation_m)} m`} · {t('suitability')} {spot.verdict.suitability === null ? <Tag color="red">{t('excluded_here')}</Tag> : percent(spot.verdict.suitability, 0)}</div>
            {spot.verdict.verdicts.filter((verdict) => verdict.verdict !== 'neutral').map((verdict) => <div key={verdict.layer}><Verdict code={verdict.verdict} />{of(verdict.name)}: {of(verdict.explanation)}</div>)}
          </div>
        )}
        {chosen ? <CandidatePanel candidate={chosen} close={() => select(null)} /> : (
          <Tabs size="small" items={[
            { key: 'candidates', label: `${t('candidates')} ${candidates.data?.length ?? ''}`, children: (
              <Table<Candidate> size="small" rowKey="id" dataSource={candidates.data ?? []} scroll={{ x: 'max-content' }} pagination={{ pageSize: 14, showSizeChanger: false, size: 'small' }} rowClassName="clickable"
                onRow={(row) => ({ onClick: () => { select(row.id); fly(row.centre); } })}
                columns={[
                  { title: t('code'), dataIndex: 'code', sorter: (a, b) => a.code.localeCompare(b.code) },
                  { title: t('township'), dataIndex: 'area_name' },
                  { title: t('score'), dataIndex: 'score', align: 'right', sorter: (a, b) => a.score - b.score, render: (score: number) => percent(score, 0) },
                  { title: t('mu'), dataIndex: 'area_m2', align: 'right', sorter: (a, b) => a.area_m2 - b.area_m2, render: (area: number) => whole(area / 666.667) },
                  { title: t('households'), dataIndex: 'capacity_households', align: 'right', sorter: (a, b) => a.capacity_households - b.capacity_households, render: whole },
                  { title: t('used'), align: 'right', sorter: (a, b) => (a.planned?.households ?? 0) - (b.planned?.households ?? 0), render: (_, row) => (row.planned ? whole(row.planned.households) : '') },
                ]} />
            ) },
            { key: 'sites', label: `${t('planned_sites')} ${plan.data?.sites.length ?? ''}`, children: (
              <Table<PlannedSite> size="small" rowKey="site" dataSource={plan.data?.sites ?? []} pagination={{ pageSize: 14, showSizeChanger: false, size: 'small' }} rowClassName="clickable"
                onRow={(row) => ({ onClick: () => { select(row.kind === 'new_build' ? row.site : null); fly(row.centre); } })}
                columns={[
                  { title: t('site'), dataIndex: 'name' },
                  { title: t('township'), dataIndex: 'area_name' },
                  { title: t('tier'), dataIndex: 'tier', render: (tier: string | null) => (tier ? code('tier', tier) : t('stock_housing')) },
                  { title: t('households'), dataIndex: 'households', align: 'right', render: whole },
                ]} />
            ) },
          ]} />
        )}
      </div>
    </div>
  );
}

function CandidatePanel({ candidate, close }: { candidate: Candidate; close: () => void }) {
  const { t, code, of } = useWords();
  return (
    <div data-testid="candidate">
      <div className="title"><h1>{candidate.code}</h1><span className="label">{candidate.area_name}</span><span style={{ flex: 1 }} /><Button size="small" onClick={close}>{t('list')}</Button></div>
      <dl className="facts">
        <dt>{t('score')}</dt><dd>{percent(candidate.score, 0)}</dd>
        <dt>{t('land_size')}</dt><dd>{whole(candidate.area_m2 / 666.667)} {t('mu')} · {whole(candidate.area_m2)} m²</dd>
        <dt>{t('land_capacity')}</dt><dd>{whole(candidate.capacity_households)} {t('households')}{candidate.planned && <Tag color="gold" style={{ marginLeft: 8 }}>{t('used')} {whole(candidate.planned.households)}</Tag>}</dd>
        <dt>{t('slope')}</dt><dd>{decimal(candidate.slope_percent)} %</dd>
        <dt>{t('elevation')}</dt><dd>{whole(candidate.elevation_m)} m</dd>
        {candidate.anchors.map((anchor) => <span key={anchor.kind} style={{ display: 'contents' }}><dt>{code('layer_kind', anchor.kind)}</dt><dd>{anchor.name} · {kilometres(anchor.distance_m)} km</dd></span>)}
      </dl>
      <h2 style={{ marginTop: 14 }}>{t('score_parts')}</h2>
      {candidate.score_parts.map((part) => <div className="bar" key={part.criterion}><span>{of(part.name)}</span><i style={{ width: percent(part.membership, 0).replace(' ', '') }} /><b>{decimal(part.weight * part.membership * 100, 0)} / {decimal(part.weight * 100, 0)}</b></div>)}
      <h2 style={{ marginTop: 14 }}>{t('verdicts')}</h2>
      <Table size="small" rowKey="layer" pagination={false} dataSource={candidate.verdicts} columns={[
        { title: t('layers'), width: '34%', render: (_, verdict) => of(verdict.name) },
        { title: '', dataIndex: 'verdict', render: (verdict: string) => <Verdict code={verdict} /> },
        { title: t('explanation'), render: (_, verdict) => of(verdict.explanation) },
      ]} />
    </div>
  );
}
