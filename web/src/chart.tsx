// A chart that fits its box; only the parts of ECharts in use are loaded.

import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use as register, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';

register([BarChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export function Chart({ option, label }: { option: EChartsCoreOption; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!box.current) return;
    const chart = init(box.current, undefined, { renderer: 'svg' });
    chart.setOption({ animation: false, color: ['#1f6f5c', '#7fb5a2', '#e0a526', '#b8412f'], ...option });
    const fit = new ResizeObserver(() => chart.resize());
    fit.observe(box.current);
    return () => { fit.disconnect(); chart.dispose(); };
  }, [option]);
  return <div className="chart" ref={box} role="img" aria-label={label} />;
}
