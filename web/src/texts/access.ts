// Texts of users, rights, single sign-on and the ledger's explorer.

export const zh = {
  sign_in_through: '通过{name}登录', or: '或', second_step_of_provider: '认证平台已确认您的身份,请再输入本系统的验证码。', back_to_sign_in: '返回登录',
  identity: '统一身份', identity_help: '绑定后可通过认证平台登录,由管理员办理。', identity_none: '尚未绑定', identity_bound: '已绑定', identity_subject: '身份标识(sub)', identity_issuer: '认证平台',
  bind_identity: '绑定统一身份', unbind_identity: '解除绑定', bind_help: '在认证平台的用户管理中查到该人员的身份标识(sub)后填写。绑定、解绑都记入账本。', through_provider: '认证平台', by_password: '密码', signed_in_by: '登录方式',
  search_users: '登录名或显示名', all_roles: '全部角色', any_state: '全部状态', edit_user: '编辑', user_sessions: '登录情况', sessions_of: '{name}的登录', end_all_sessions: '全部结束', no_sessions: '目前没有登录', more_actions: '更多操作',
  rights: '角色与权限', rights_help: '每个角色在本人地区内可以做什么。权限在服务器上逐项核对,页面只是不显示不能做的事。', right: '事项', role_levels: '地区级别',
  explore: '条目', checkpoints: '检查点', subject_kind: '对象类别', all_kinds: '全部类别', subject_id: '对象编号', by_command: '操作', day_from: '起', day_to: '止', clear_filters: '清除条件',
  entry: '条目 {n}', entry_what: '本次变更', entry_first: '这是该对象的第一个版本', entry_same: '与上一版本相比没有可显示的差异', entry_retired: '对象在此注销,没有内容', entry_erased: '内容已依法删除,证明仍然有效', erased_in: '删除记录', entry_too_large: '内容过大,不在此显示',
  state_masked: '完整内容(个人信息已打掩码)', previous_version: '上一版本', next_version: '下一版本', proof_of_entry: '证明', no_entries: '没有符合条件的条目',
  kept_elsewhere: '异地留存', keeping_off: '尚未设定留存检查点的目录。运行 anju serve --keep-checkpoints 目录,或在 anju.toml 中设定。', keeping_on: '每 {minutes} 分钟核对并留存到 {folder}', kept_last: '{time} 已留存 {size} 条', kept_problem: '{time} 未能留存:{problem}', kept_not_yet: '尚未留存',
  download_these: '下载本页检查点', compare_two: '选择两个检查点,证明后者延续前者', consistent: '已证明:{to} 条的账本以 {from} 条的账本开头', consistency_why: '证明已由服务器核对;下载后可用 docs/verify.py 独立核对。', download_consistency: '下载证明', covers_entries: '覆盖条目', added_entries: '新增',
  level_province: '省', level_prefecture: '市', level_county: '县', level_township: '乡镇', level_village: '村', level_group: '组', may: '可以', no_users: '没有符合条件的用户', locked: '已锁定', save_user: '保存', version_number: '版本',
} as const;

export const en: Record<keyof typeof zh, string> = {
  sign_in_through: 'Sign in through {name}', or: 'or', second_step_of_provider: 'The provider vouches for you. Give the code of your second step here too.', back_to_sign_in: 'Back to sign-in',
  identity: 'Single sign-on', identity_help: 'With an identity bound you can sign in through the provider; the administrator binds it.', identity_none: 'not bound', identity_bound: 'bound', identity_subject: 'Identity (sub)', identity_issuer: 'Provider',
  bind_identity: 'Bind an identity', unbind_identity: 'Unbind', bind_help: 'Look the person’s identity (sub) up in the provider’s user administration. Binding and unbinding are on the ledger.', through_provider: 'provider', by_password: 'password', signed_in_by: 'Signed in by',
  search_users: 'Sign-in or display name', all_roles: 'All roles', any_state: 'Any state', edit_user: 'Edit', user_sessions: 'Sessions', sessions_of: 'Sessions of {name}', end_all_sessions: 'End all', no_sessions: 'Not signed in anywhere', more_actions: 'More',
  rights: 'Roles and rights', rights_help: 'What each role may do in its user’s area. The server checks every one of them; a page only leaves out what cannot be done.', right: 'Right', role_levels: 'Levels of area',
  explore: 'Entries', checkpoints: 'Checkpoints', subject_kind: 'Kind of subject', all_kinds: 'All kinds', subject_id: 'Id of the subject', by_command: 'Command', day_from: 'From', day_to: 'Until', clear_filters: 'Clear',
  entry: 'Entry {n}', entry_what: 'What changed', entry_first: 'This is the subject’s first version', entry_same: 'No difference from the version before that could be shown', entry_retired: 'The subject was retired here and has no content', entry_erased: 'The content was erased on legal order; the proofs hold', erased_in: 'Record of the erasure', entry_too_large: 'Too large to be shown here',
  state_masked: 'The whole state, personal data masked', previous_version: 'Version before', next_version: 'Version after', proof_of_entry: 'Proof', no_entries: 'No entry fits',
  kept_elsewhere: 'Kept elsewhere', keeping_off: 'No folder is set for keeping checkpoints. Run anju serve --keep-checkpoints DIR, or set it in anju.toml.', keeping_on: 'Checked and kept every {minutes} minutes in {folder}', kept_last: '{size} entries kept at {time}', kept_problem: 'Not kept at {time}: {problem}', kept_not_yet: 'not kept yet',
  download_these: 'Download these checkpoints', compare_two: 'Choose two checkpoints to prove that the later one extends the earlier', consistent: 'Proved: the ledger of {to} entries begins with that of {from}', consistency_why: 'The server checked the proof; download it to check it independently with docs/verify.py.', download_consistency: 'Download the proof', covers_entries: 'Entries covered', added_entries: 'Added',
  level_province: 'province', level_prefecture: 'prefecture', level_county: 'county', level_township: 'township', level_village: 'village', level_group: 'group', may: 'may', no_users: 'No user fits', locked: 'locked', save_user: 'Save', version_number: 'Version',
};
