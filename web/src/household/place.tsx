// The home on a small map: relief, hazard zones, roads and rivers around it. Loaded when it is looked at.

import * as maplibregl from 'maplibre-gl';
import 'maplibre-gl/dist/maplibre-gl.css';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { useEffect, useRef } from 'react';

import { address } from '../api/client';

maplibregl.setWorkerUrl(workerUrl);

const tile = (path: string) => `${location.origin}${address(`/tiles/${path}`)}`;

export default function Place({ longitude, latitude }: { longitude: number; latitude: number }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const vector = (kind: string): maplibregl.SourceSpecification => ({ type: 'vector', tiles: [tile(`layer/${kind}/{z}/{x}/{y}.mvt`)], maxzoom: 16 });
    const map = new maplibregl.Map({
      container: box.current, attributionControl: false, center: [longitude, latitude], zoom: 13,
      style: {
        version: 8,
        sources: { hillshade: { type: 'raster', tiles: [tile('hillshade/{z}/{x}/{y}.png')], tileSize: 256, maxzoom: 16 }, hazard_zones: vector('hazard_zones'), roads: vector('roads'), rivers: vector('rivers') },
        layers: [
          { id: 'ground', type: 'background', paint: { 'background-color': '#e8ece8' } },
          { id: 'hillshade', type: 'raster', source: 'hillshade' },
          { id: 'hazard_zones', type: 'fill', source: 'hazard_zones', 'source-layer': 'hazard_zones', paint: { 'fill-color': '#c2453a', 'fill-opacity': 0.38 } },
          { id: 'rivers', type: 'line', source: 'rivers', 'source-layer': 'rivers', paint: { 'line-color': '#3b8fc4', 'line-width': 1.4 } },
          { id: 'roads', type: 'line', source: 'roads', 'source-layer': 'roads', paint: { 'line-color': '#5d4a37', 'line-width': 1.4 } },
        ],
      },
    });
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right');
    map.addControl(new maplibregl.ScaleControl({ maxWidth: 100 }));
    new maplibregl.Marker({ color: '#b8412f' }).setLngLat([longitude, latitude]).addTo(map);
    map.on('error', (event) => console.error(event.error.message));
    return () => map.remove();
  }, [longitude, latitude]);
  return <div ref={box} style={{ height: 260, borderRadius: 8 }} data-testid="household-map" />;
}
