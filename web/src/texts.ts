// Every text of the web app in both languages, by key. Texts of a feature stand in a file of their own.

import * as grid from './texts/grid';

import * as access from './texts/access';
import * as areas from './texts/areas';
import * as household from './texts/household';
import * as identification from './texts/identification';
import * as grounds from './texts/grounds';

const zh = {
  ...access.zh,
  ...areas.zh,
  ...household.zh,
  ...identification.zh,
  ...grounds.zh,
  product: '安居', tagline: '从户籍名册到安居乐业,每一步都可核查',
  sign_in: '登录', sign_out: '退出', name: '用户名', password: '密码', current_password: '当前密码', new_password: '新密码',
  change_password: '修改初始密码', change_password_why: '首次登录须修改密码,至少 10 个字符。', offline: '无法连接服务器,请检查网络或服务是否运行',
  start: '工作台', register: '名册', lookback: '回头看', map: '用地与地图', plan: '安置规划', jobs: '任务', ledger: '账本', users: '用户',
  waiting: '待办事项', nothing_waits: '目前没有待办事项', go: '去处理', stages: '进度', latest_imports: '最近导入', categories: '搬迁类型(户)', consents: '搬迁意愿(户)',
  households: '户', persons: '人', townships: '乡镇', villages: '村', groups: '组', not_yet: '尚未进行', pack: '政策包',
  w_refused_records: '条导入记录被退回,待更正后重新导入', w_items_block: '项必须更正的问题', w_items_clear: '项红线情形(清除)待核实', w_items_omission: '户疑似漏报待核实',
  w_items_examine: '项红线情形(严审)待核实', w_items_ask: '项情况待核实', w_undecided: '户尚未表明搬迁意愿', w_unplaced: '户尚未落实去向', w_no_lookback: '名册尚未进行回头看核查',
  w_cases: '户认定待办理', w_objections: '件公示异议待处理',
  w_no_land: '尚未进行用地评价', w_no_plan: '尚未编制安置规划', w_plan_older_than_land: '用地评价已更新,规划需要重算',
  open_items: '待核实', decided_items: '已核实', candidates: '备选址', excluded: '不可选址', placed: '已落实', sites: '安置点', gap: '与下界差距', file: '文件', kind: '内容', read: '读取', accepted: '接受', refused: '退回', time: '时间',
  search_households: '姓名、拼音首字母、户编号、证件号码、电话尾号', all_areas: '全部地区', category: '搬迁类型', choice: '意愿', pathway: '安置方式', must_move: '应搬', has_items: '有待核实事项', yes: '是', no: '否',
  register_number: '户编号', head: '户主', id_number: '证件号码', address: '住址', destination: '去向', items: '待核实', total: '共 {n} 户', total_items: '共 {n} 项', next_page: '下一页', previous_page: '上一页', export_xlsx: '导出 Excel', export_csv: '导出 CSV', clear: '清除筛选',
  unplaced: '未落实', no_data: '没有符合条件的记录', back: '返回名册', members: '家庭成员', relation: '与户主关系', sex: '性别', born: '出生年月', ethnicity: '民族', education: '文化程度', health: '健康状况', labour: '劳动能力', person_name: '姓名',
  household_facts: '户情', home: '现住房', structure: '结构', grade: '安全等级', home_area: '面积', built: '建造年份', farmland: '耕地', phone: '电话', account: '银行账号', causes: '搬迁原因', urgency: '紧迫程度', poverty: '贫困户属性', main_cause: '主要致贫原因', hazard_point: '隐患点',
  consent: '搬迁意愿', preferred: '意向乡镇', other_township: '接受跨乡镇', signer: '签字人', date: '日期', evidence: '凭证', where_why: '去向和理由', next_best: '次优', extra: '多出', history: '变更历史', first_version: '首次登记', version: '第 {n} 版', no_plan_yet: '尚无规划', no_items: '没有待核实事项', no_consent: '没有意愿记录', place: '位置',
  severity: '等级', rule: '规则', state: '状态', explanation: '情况', action: '核实要求', probability: '可能性', values: '依据', decide: '处理', confirm: '属实', dismiss: '排除', reopen: '重新打开', reason: '理由', reason_hint: '写明核实经过和依据', conflict: '此事项已被他人处理,已为您刷新', saved: '已保存', keys_hint: 'j / k 上下移动,Enter 打开,Esc 关闭', other_household: '对应户', by: '处理人',
  all: '全部', area: '地区', township: '乡镇',
  hillshade: '地形晕渲', suitability: '适宜性', opacity: '不透明度', layers: '图层', show_households: '现住户', flows: '搬迁流向', planned_sites: '规划安置点', code: '编号', score: '适宜度', size: '面积(亩)', capacity: '容量(户)', slope: '坡度', elevation: '高程', verdicts: '逐层结论', score_parts: '评分构成', anchors: '依托', overlap: '占压', distance: '距离', why_here: '此处情况', excluded_here: '不可选址', used: '采用', no_land_yet: '尚未导入图层或进行用地评价', run_land: '到“任务”页运行用地评价', fit: '全县',
  cost: '所需资金', budget: '可用资金', concentration: '集中安置率', concentration_help: '安置在 30 户以上安置点的户数占全部搬迁户的比例。', own_township: '本乡镇安置率', own_township_help: '安置在本乡镇的户数占已落实户数的比例。', cohesion: '邻里聚合度', cohesion_help: '同一村民小组中去往同一安置点的最大份额,按户数加权。', mean_distance: '平均搬迁距离', gap_help: '已用数学方法证明:任何方案的总成本都不会比本方案低出这个比例以上。', proof: '任何满足全部约束的方案,目标值都不低于 {bound} 万元;本方案为 {objective} 万元。',
  to_move: '搬迁户', other_pathway: '其他安置方式', by_township: '各乡镇去向(户)', distance_chart: '搬迁距离(户)', cost_chart: '资金构成(万元)', tiers: '安置点规模', assignments: '分配明细', unused_sites: '未采用的备选址', reduced_cost: '采用至少多花', site: '安置点', tier: '规模', fill: '入住率', opening_cost: '配套投入', facilities: '新建设施', existing: '利用现有', why: '理由', stock_housing: '存量商品房', wan: '万元', made_at: '编制时间', no_plan: '尚未编制规划;到“任务”页运行', group: '村民小组', group_households: '户数',
  run_lookback: '运行回头看核查', run_land_job: '运行用地评价', run_plan: '编制安置规划', run_verify: '校验账本', cancel: '取消', started: '开始', finished: '结束', requested_by: '发起人', result: '结果', no_jobs: '还没有运行过任务',
  entries: '账本条目', checkpoint: '签名检查点', root: '根哈希', key: '签名密钥', actor: '操作人', command: '操作', subject: '对象', verified_ok: '校验通过:{entries} 条账目,{rows} 行数据全部一致', verified_bad: '发现 {n} 处不一致', index: '序号', copy_note: '检查点原文(可交上级机关留存)', download_checkpoint: '下载检查点', entry_proof: '条目 {n} 的证明', show_proof: '证明', download_proof: '下载证明', leaf_text: '叶子原文', leaf_hash: '叶哈希', proof_path: '证明路径({n} 个哈希)', proof_note: '由叶哈希沿路径逐级计算,得出检查点已签名的根。持有公钥即可独立验证。', erased_content: '内容已依法删除', public_key: '公钥', covers: '检查点覆盖条目数',
  display_name: '姓名', role: '角色', add_user: '新增用户', first_password: '初始密码', list: '列表', mu: '亩', loading: '加载中', retry: '重试',
  in_own: '本乡镇安置点', in_other: '其他乡镇安置点', legend_move: '同意搬迁', legend_stay: '不愿搬迁', legend_undecided: '未决定', year: '年度', document: '文号', funds: '资金来源', amount: '金额', of: '占比',
  identification: '认定', desk_without_case: '尚未进入认定', open_cases: '发起认定', open_cases_why: '所选地区和类型中尚未进入认定的住户全部发起。', application_form: '申请方式', witness: '见证人', 
  waits_for: '当前环节', suspended: '异议中', on_notice: '公示中', step_pass: '通过', step_return: '退回', step_refuse: '不予认定', step_withdraw: '撤回', selected: '已选 {n} 户', batch_done: '已办理 {n} 户', batch_refused: '{n} 户未能办理', remark: '意见', remark_needed: '须填写理由',
  vote: '表决', entitled: '应到', present: '实到', in_favour: '赞成', against: '反对', abstained: '弃权', notices: '公示', post_notice: '张贴公示', notice_place: '张贴地点', notice_contact: '异议联系方式', until: '截止日', notice_runs: '公示中', notice_has_run: '期满待关闭', notice_closed: '已关闭', close_notice: '关闭公示', list_xlsx: '公示名单', print: '打印',
  objections: '异议', object: '登记异议', objection_from: '异议人(可不填)', objection_content: '异议内容', upheld: '成立', dismissed: '不成立', answer: '处理答复', received: '受理', cases: '认定件', case_steps: '认定经过', blocking_items: '项回头看问题未清除', 
  rosters: '核定名册', amendments: '变更审批', draft_roster: '编制名册', roster_title: '名册名称', drafted: '编制', frozen_by: '核定', roster_document: '文号', approver: '批准单位(人)', freeze: '核定', freeze_why: '核定后关键信息不再由导入改动,只能经变更审批修改。', second_person: '须由编制人以外的人核定', no_rosters: '还没有名册', export_signed: '签名名册 JSON', compared_with: '比对上一版', no_previous: '没有上一版', added: '新增户', removed: '移出户', changed: '变化户', unchanged: '相同户', first_shown: '显示前 {n} 户', as_of: '查看某一时刻的名册',
  no_amendments: '没有变更', amendment_kind: '变更类别', before_after: '原值与新值', amendment_township_approve: '乡镇审核通过', amendment_apply: '县级批准并执行', amendment_refuse: '退回', remark_hint: '审核意见;退回须写明理由', amendment_only: '关键信息只能经变更审批修改', ask_amendment: '提出变更', on_no_roster: '不在已核定的名册上', key_fact: '关键信息', new_member: '新增成员', member_leaves: '移出本户', birth_date: '出生日期',
  my_account: '我的账号', sessions: '登录会话', device: '浏览器', last_used: '最近使用', this_session: '当前会话', end_session: '结束', end_others: '结束其他全部会话', second_factor: '两步验证', second_factor_help: '登录时除密码外再输入验证器应用上的六位验证码。', code_6: '验证码', code_hint: '验证器上的六位数字,或一个恢复码', enable: '启用', disable: '停用', scan_help: '用验证器应用扫描二维码,或手工输入密钥,再填入显示的验证码。', secret: '密钥', recovery_codes: '恢复码', recovery_help: '每个恢复码可代替验证码使用一次。请抄存,此后不再显示。', recovery_left: '剩余恢复码:{n} 个', second_on: '已启用', second_off: '未启用',
  account_state: '账号状态', active: '正常', disabled: '已停用', locked_until: '锁定至 {time}', unlock: '解锁', reset_password: '重置密码', temporary_password: '临时密码', temporary_help: '只显示这一次;下次登录须修改。', change_role: '修改角色', remove_second: '取消两步验证', superior_area: '上级地区 {code}', sure: '确定?',
  unmask: '查看完整信息', unmask_help: '谁、查看了哪一户、为何用途将记入账本。', purpose: '用途', note: '说明', unmasked_now: '正在显示未打掩码的个人信息;离开本页即恢复。', mask_again: '恢复掩码',
  ...grid.zh,
};

export type Key = keyof typeof zh;

const en: Record<Key, string> = {
  ...access.en,
  ...areas.en,
  ...household.en,
  ...identification.en,
  ...grounds.en,
  product: 'Anju', tagline: 'From the register to a settled home, every step open to proof',
  sign_in: 'Sign in', sign_out: 'Sign out', name: 'Name', password: 'Password', current_password: 'Current password', new_password: 'New password',
  change_password: 'Change the first password', change_password_why: 'The first password must be changed; at least 10 characters.', offline: 'The server cannot be reached; check the network or whether it is running',
  start: 'Work list', register: 'Register', lookback: 'Look-back', map: 'Land and map', plan: 'Plan', jobs: 'Jobs', ledger: 'Ledger', users: 'Users',
  waiting: 'What waits', nothing_waits: 'Nothing waits at the moment', go: 'Open', stages: 'Progress', latest_imports: 'Latest imports', categories: 'Category (households)', consents: 'Consent (households)',
  households: 'households', persons: 'persons', townships: 'townships', villages: 'villages', groups: 'groups', not_yet: 'not done yet', pack: 'Policy pack',
  w_refused_records: 'imported records were refused and wait to be corrected', w_items_block: 'items that must be corrected', w_items_clear: 'red flags (grounds for removal) to check', w_items_omission: 'suspected omissions to check',
  w_items_examine: 'red flags (examine strictly) to check', w_items_ask: 'items to check', w_undecided: 'households have not decided yet', w_unplaced: 'households have no place yet', w_no_lookback: 'The register has not been checked yet',
  w_cases: 'households wait for a step of identification', w_objections: 'objections to notices to decide',
  w_no_land: 'The land has not been assessed yet', w_no_plan: 'There is no relocation plan yet', w_plan_older_than_land: 'The land assessment is newer than the plan',
  open_items: 'open', decided_items: 'decided', candidates: 'candidates', excluded: 'excluded', placed: 'placed', sites: 'sites', gap: 'Gap to the bound', file: 'File', kind: 'Content', read: 'Read', accepted: 'Accepted', refused: 'Refused', time: 'Time',
  search_households: 'Name, Pinyin initials, register number, ID number, end of phone', all_areas: 'All areas', category: 'Category', choice: 'Choice', pathway: 'Pathway', must_move: 'Must move', has_items: 'With open items', yes: 'Yes', no: 'No',
  register_number: 'Register no.', head: 'Head', id_number: 'ID number', address: 'Address', destination: 'Goes to', items: 'Open items', total: '{n} households', total_items: '{n} items', next_page: 'Next', previous_page: 'Previous', export_xlsx: 'Export Excel', export_csv: 'Export CSV', clear: 'Clear filters',
  unplaced: 'not placed', no_data: 'Nothing matches', back: 'Back to the register', members: 'Members', relation: 'Relation', sex: 'Sex', born: 'Born', ethnicity: 'Ethnicity', education: 'Education', health: 'Health', labour: 'Labour', person_name: 'Name',
  household_facts: 'Household', home: 'Present home', structure: 'Structure', grade: 'Safety grade', home_area: 'Floor area', built: 'Built', farmland: 'Farmland', phone: 'Phone', account: 'Bank account', causes: 'Causes of the move', urgency: 'Urgency', poverty: 'Poverty attribute', main_cause: 'Main cause', hazard_point: 'Hazard point',
  consent: 'Consent', preferred: 'Preferred township', other_township: 'Accepts another township', signer: 'Signed by', date: 'Date', evidence: 'Evidence', where_why: 'Where, and why there', next_best: 'Next best', extra: 'costs more', history: 'History', first_version: 'first recorded', version: 'version {n}', no_plan_yet: 'No plan yet', no_items: 'No open items', no_consent: 'No consent recorded', place: 'Position',
  severity: 'Severity', rule: 'Rule', state: 'State', explanation: 'What was found', action: 'What to do', probability: 'Probability', values: 'Evidence', decide: 'Decide', confirm: 'Confirm', dismiss: 'Dismiss', reopen: 'Reopen', reason: 'Reason', reason_hint: 'What was checked and how', conflict: 'Somebody else decided this item; it was refreshed', saved: 'Saved', keys_hint: 'j / k move, Enter opens, Esc closes', other_household: 'Other household', by: 'Decided by',
  all: 'All', area: 'Area', township: 'Township',
  hillshade: 'Hillshade', suitability: 'Suitability', opacity: 'Opacity', layers: 'Layers', show_households: 'Homes today', flows: 'Moves', planned_sites: 'Planned sites', code: 'Code', score: 'Suitability', size: 'Area (mu)', capacity: 'Capacity', slope: 'Slope', elevation: 'Elevation', verdicts: 'Verdict by layer', score_parts: 'Score', anchors: 'Near to', overlap: 'overlap', distance: 'Distance', why_here: 'This spot', excluded_here: 'not to be built on', used: 'Used', no_land_yet: 'No layers or no land assessment yet', run_land: 'Run it from the jobs page', fit: 'County',
  cost: 'Cost', budget: 'Budget', concentration: 'Concentration rate', concentration_help: 'Households on settlements of 30 and more, among all that move.', own_township: 'In own township', own_township_help: 'Households placed inside their own township, among those placed.', cohesion: 'Cohesion', cohesion_help: 'Largest share of a villagers’ group that goes to one site, weighted by households.', mean_distance: 'Mean distance', gap_help: 'Proved: no plan at all costs less than this one by more than this share.', proof: 'No plan that meets all limits has an objective below {bound} x 10,000 yuan; this one has {objective}.',
  to_move: 'to move', other_pathway: 'other pathway', by_township: 'Where each township’s households go', distance_chart: 'Distance (households)', cost_chart: 'Cost (x 10,000 yuan)', tiers: 'Sites by size', assignments: 'Who goes where', unused_sites: 'Unused candidates', reduced_cost: 'Using it costs at least', site: 'Site', tier: 'Size', fill: 'Fill', opening_cost: 'Facilities', facilities: 'To build', existing: 'Existing', why: 'Why', stock_housing: 'stock housing', wan: 'x 10,000 yuan', made_at: 'Made', no_plan: 'No plan yet; run it from the jobs page', group: 'Villagers’ group', group_households: 'Households',
  run_lookback: 'Run the look-back', run_land_job: 'Assess the land', run_plan: 'Make a plan', run_verify: 'Verify the ledger', cancel: 'Cancel', started: 'Started', finished: 'Finished', requested_by: 'By', result: 'Result', no_jobs: 'No job has run yet',
  entries: 'Entries', checkpoint: 'Signed checkpoint', root: 'Root hash', key: 'Signing key', actor: 'Actor', command: 'Command', subject: 'Subject', verified_ok: 'Verified: {entries} entries, {rows} rows, all as proved', verified_bad: '{n} differences found', index: 'No.', copy_note: 'The checkpoint itself, to be kept by a superior office', download_checkpoint: 'Download the checkpoint', entry_proof: 'Proof of entry {n}', show_proof: 'Proof', download_proof: 'Download the proof', leaf_text: 'Leaf as hashed', leaf_hash: 'Leaf hash', proof_path: 'Path ({n} hashes)', proof_note: 'From the leaf hash the path leads, level by level, to the root that the checkpoint signs. Whoever has the public key can check it.', erased_content: 'Content erased on legal order', public_key: 'Public key', covers: 'Entries covered',
  display_name: 'Display name', role: 'Role', add_user: 'Add a user', first_password: 'First password', list: 'List', mu: 'mu', loading: 'Loading', retry: 'Try again',
  in_own: 'own township', in_other: 'another township', legend_move: 'agreed to move', legend_stay: 'stays', legend_undecided: 'undecided', year: 'Year', document: 'Document', funds: 'Funds', amount: 'Amount', of: 'Share',
  identification: 'Identification', desk_without_case: 'not in the procedure', open_cases: 'Open cases', open_cases_why: 'All households of the area and category that are not in the procedure yet.', application_form: 'Application', witness: 'Witness', 
  waits_for: 'Waits for', suspended: 'objected to', on_notice: 'on notice', step_pass: 'Pass', step_return: 'Return', step_refuse: 'Refuse', step_withdraw: 'Withdraw', selected: '{n} selected', batch_done: '{n} taken', batch_refused: '{n} not taken', remark: 'Remark', remark_needed: 'Give a reason',
  vote: 'Vote', entitled: 'Entitled', present: 'Present', in_favour: 'In favour', against: 'Against', abstained: 'Abstained', notices: 'Notices', post_notice: 'Post a notice', notice_place: 'Where it hangs', notice_contact: 'Contact for objections', until: 'Last day', notice_runs: 'running', notice_has_run: 'has run, to be closed', notice_closed: 'closed', close_notice: 'Close the notice', list_xlsx: 'List', print: 'Print',
  objections: 'Objections', object: 'Take an objection', objection_from: 'From (may be left empty)', objection_content: 'Objection', upheld: 'Upheld', dismissed: 'Dismissed', answer: 'Answer', received: 'Received', cases: 'Cases', case_steps: 'Steps of identification', blocking_items: 'look-back items not cleared', 
  rosters: 'Rosters', amendments: 'Amendments', draft_roster: 'Draft a roster', roster_title: 'Title', drafted: 'Drafted', frozen_by: 'Frozen by', roster_document: 'Document no.', approver: 'Approved by', freeze: 'Freeze', freeze_why: 'Once frozen, key facts are no longer changed by imports, only by amendments.', second_person: 'Somebody else than who drafted it must freeze it', no_rosters: 'No roster yet', export_signed: 'Signed JSON', compared_with: 'Compared with', no_previous: 'no earlier version', added: 'Added', removed: 'Removed', changed: 'Changed', unchanged: 'Unchanged', first_shown: 'the first {n} shown', as_of: 'The register as it stood at',
  no_amendments: 'No amendments', amendment_kind: 'Kind', before_after: 'Before and after', amendment_township_approve: 'Approve for the township', amendment_apply: 'Approve and apply', amendment_refuse: 'Refuse', remark_hint: 'Remark; a refusal says why', amendment_only: 'key facts change by amendment only', ask_amendment: 'Ask for an amendment', on_no_roster: 'On no frozen roster', key_fact: 'Key fact', new_member: 'A new member', member_leaves: 'Leaves the household', birth_date: 'Birth date',
  my_account: 'My account', sessions: 'Sessions', device: 'Browser', last_used: 'Last used', this_session: 'this one', end_session: 'End', end_others: 'End all others', second_factor: 'Second step', second_factor_help: 'At sign-in a six-digit code from an authenticator app is asked for beside the password.', code_6: 'Code', code_hint: 'Six digits from the authenticator, or a recovery code', enable: 'Turn on', disable: 'Turn off', scan_help: 'Scan the picture with an authenticator app, or type the secret; then give the code that it shows.', secret: 'Secret', recovery_codes: 'Recovery codes', recovery_help: 'Each stands for a code once. Write them down: they are not shown again.', recovery_left: 'Recovery codes left: {n}', second_on: 'on', second_off: 'off',
  account_state: 'State', active: 'open', disabled: 'closed', locked_until: 'locked until {time}', unlock: 'Unlock', reset_password: 'Reset password', temporary_password: 'Temporary password', temporary_help: 'Shown this once; it must be changed at the next sign-in.', change_role: 'Change role', remove_second: 'Remove second step', superior_area: 'Superior area {code}', sure: 'Sure?',
  unmask: 'Show unmasked', unmask_help: 'Who looked at which household, and what for, is written into the ledger.', purpose: 'Purpose', note: 'Note', unmasked_now: 'Personal data is shown unmasked, until you leave this page.', mask_again: 'Mask again',
  ...grid.en,
};

export const dictionary = { zh, en };
