// The web app: routes, theme, data client.

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App, ConfigProvider, Spin } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { lazy, StrictMode, Suspense, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter, Navigate, Route, Routes } from 'react-router';

import { Problem } from './api/client';
import { LanguageProvider, useWords } from './language';
import { Gate } from './shell';
import './style.css';

const Start = lazy(() => import('./start'));
const Register = lazy(() => import('./register'));
const ConsentByVillage = lazy(() => import('./household/consent'));
const Household = lazy(() => import('./household'));
const Identification = lazy(() => import('./identification'));
const Publicity = lazy(() => import('./publicity'));
const Rosters = lazy(() => import('./roster'));
const RosterPage = lazy(() => import('./comparison'));
const Amendments = lazy(() => import('./amendment'));
const Bulk = lazy(() => import('./bulk'));
const BulkBatch = lazy(async () => ({ default: (await import('./bulk')).BulkChangePage }));
const Lookback = lazy(() => import('./lookback'));
const MapPage = lazy(() => import('./land'));
const PlanPage = lazy(() => import('./plan'));
const Jobs = lazy(() => import('./jobs'));
const LedgerPage = lazy(() => import('./ledger'));
const HazardPoints = lazy(() => import('./hazard'));
const HazardPoint = lazy(() => import('./hazard').then((module) => ({ default: module.HazardPointPage })));
const Acceptance = lazy(() => import('./category'));
const DepartmentData = lazy(() => import('./department'));
const Areas = lazy(() => import('./areas'));
const LedgerEntryPage = lazy(() => import('./ledger').then((pages) => ({ default: pages.EntryPage })));
const Users = lazy(() => import('./users'));
const Account = lazy(() => import('./account'));

/** A session that ended shows the sign-in page, whichever call found out. */
const onError = (error: unknown) => {
  if (error instanceof Problem && error.code === 'not_signed_in' && client.getQueryData(['session'])) client.resetQueries({ queryKey: ['session'] });
};
const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: { queries: { retry: 1, staleTime: 10_000, refetchOnWindowFocus: false } },
});

const CHINESE = '"Noto Sans SC","Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC"';

function Theme({ children }: { children: ReactNode }) {
  const { language, t } = useWords();
  // The form puts the field's label, and the length that it may have, in their places.
  const name = '${label}';
  const required = t('required', { name });
  return (
    <ConfigProvider
      locale={language === 'zh' ? zhCN : enUS}
      form={{ validateMessages: { required, whitespace: required, pattern: { mismatch: t('mismatch', { name }) }, string: { max: t('too_long', { name, n: '${max}' }) } } }}
      theme={{
        token: {
          colorPrimary: '#1f6f5c', colorInfo: '#1f6f5c', colorLink: '#1f6f5c', colorWarning: '#c98a1b', colorError: '#b8412f', colorSuccess: '#3c8a4c', colorInfoBg: '#eef6f2', colorInfoBorder: '#b9d8c8',
          borderRadius: 6, fontSize: 14, colorBgLayout: '#f3f5f2',
          // A Chinese font draws the marks of English as wide as characters.
          fontFamily: language === 'zh' ? `${CHINESE},system-ui,sans-serif` : `"Noto Sans","Segoe UI","Helvetica Neue",Arial,${CHINESE},sans-serif`,
        },
        components: { Layout: { siderBg: '#12352d', headerBg: '#ffffff' }, Menu: { darkItemBg: '#12352d', darkItemSelectedBg: '#1f6f5c' }, Table: { cellPaddingBlockSM: 7, headerBg: '#eef2ee', rowSelectedBg: '#e3f1ec', rowSelectedHoverBg: '#d8ebe4' } },
      }}
    >
      <App>{children}</App>
    </ConfigProvider>
  );
}

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <LanguageProvider>
          <Theme>
            <BrowserRouter>
              <Suspense fallback={<div className="centre"><Spin /></div>}>
                <Routes>
                  <Route element={<Gate />}>
                    <Route index element={<Start />} />
                    <Route path="register" element={<Register />} />
                    <Route path="register/:id" element={<Household />} />
                    <Route path="consents" element={<ConsentByVillage />} />
                    <Route path="identification" element={<Identification />} />
                    <Route path="publicity" element={<Publicity />} />
                    <Route path="rosters" element={<Rosters />} />
                    <Route path="rosters/:id" element={<RosterPage />} />
                    <Route path="amendments" element={<Amendments />} />
                    <Route path="bulk" element={<Bulk />} />
                    <Route path="bulk/:id" element={<BulkBatch />} />
                    <Route path="lookback" element={<Lookback />} />
                    <Route path="map" element={<MapPage />} />
                    <Route path="plan" element={<PlanPage />} />
                    <Route path="jobs" element={<Jobs />} />
                    <Route path="ledger" element={<LedgerPage />} />
                    <Route path="hazard-points" element={<HazardPoints />} />
                    <Route path="hazard-points/:id" element={<HazardPoint />} />
                    <Route path="department-data" element={<DepartmentData />} />
                    <Route path="acceptance" element={<Acceptance />} />
                    <Route path="areas" element={<Areas />} />
                    <Route path="ledger/entries/:index" element={<LedgerEntryPage />} />
                    <Route path="users" element={<Users />} />
                    <Route path="account" element={<Account />} />
                    <Route path="*" element={<Navigate to="/" replace />} />
                  </Route>
                </Routes>
              </Suspense>
            </BrowserRouter>
          </Theme>
        </LanguageProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
