//! A department user gives and sees the data of the own department, and no other's.

use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::office::{Answer, Office};

/// Department, kind of its data, name and content of a file of it with one record.
const FILES: &[(&str, &str, &str, &str)] = &[
    (
        "civil_registry",
        "civil_registry",
        "公安户籍.csv",
        "姓名,身份证号,性别,出生日期,死亡日期,户号,户籍地址\n张三,61902119800229001X,男,1980-02-29,,H1,清溪镇\n",
    ),
    (
        "social_insurance",
        "social_insurance",
        "社保.csv",
        "姓名,身份证号,险种,参保单位,缴费基数\n张三,61902119800229001X,城镇职工,安澜公司,4000\n",
    ),
    (
        "vehicles",
        "vehicles",
        "车辆.csv",
        "姓名,身份证号,号牌号码,车辆类型,购置价格,登记日期,状态\n张三,61902119800229001X,陕G12345,小型轿车,80000,2020-01-01,正常\n",
    ),
    (
        "real_estate",
        "real_estate",
        "不动产.csv",
        "姓名,身份证号,房屋类型,坐落,建筑面积,登记日期\n张三,61902119800229001X,商品住宅,县城,90,2020-01-01\n",
    ),
    (
        "market_regulation",
        "companies",
        "市场主体.csv",
        "姓名,身份证号,企业名称,职务,登记状态,注册资本,成立日期\n张三,61902119800229001X,安澜公司,法定代表人,存续,50,2020-01-01\n",
    ),
    (
        "public_payroll",
        "public_payroll",
        "财政供养.csv",
        "姓名,身份证号,工作单位,岗位,人员状态\n张三,61902119800229001X,县中学,教师,在职\n",
    ),
    (
        "rural_revitalisation",
        "poverty_roster",
        "扶贫名单.csv",
        "户主姓名,身份证号,贫困户属性,核定文号,发布单位\n张三,61902119800229001X,一般贫困户,安扶〔2026〕1号,县乡村振兴局\n",
    ),
    (
        "natural_resources",
        "threatened_households",
        "受威胁户.csv",
        "隐患点编号,村,户主姓名,户主身份证号,受威胁人数,是否应搬\nHP-1,619021101201,张三,61902119800229001X,4,是\n",
    ),
];

async fn hand_in(office: &Office<'_>, cookie: &str, name: &str, content: &str) -> Answer {
    office
        .upload(
            &format!("/register/department-data?name={}", escape(name)),
            cookie,
            content.into(),
        )
        .await
}

fn escape(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn records(office: &Office<'_>, cookie: &str, kind: &str) -> Answer {
    office
        .get(&format!("/register/department-data/records?kind={kind}"), cookie)
        .await
}

database_test! {
    async fn each_department_imports_and_sees_its_own_data_and_no_others(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let areas = json!({"code": "619021101", "name": "清溪镇", "document": "1号"});
        office.post("/areas", &administrator, areas).await;
        let areas = json!({"code": "619021101201", "name": "大坪村", "document": "1号"});
        office.post("/areas", &administrator, areas).await;
        let mut cookies = Vec::new();
        for (department, ..) in FILES {
            cookies.push(office.user_of(&administrator, department, "department_user", "619021", Some(department)).await.1);
        }
        for (own, cookie) in FILES.iter().zip(&cookies) {
            for (_, kind, name, content) in FILES {
                let answer = hand_in(&office, cookie, name, content).await;
                if *kind == own.1 {
                    assert_eq!(answer.status, StatusCode::OK, "{kind}: {}", answer.json());
                    let file = &answer.json()[0];
                    assert_eq!((&file["kind"], &file["accepted"], &file["refused"]), (&json!(kind), &json!(1), &json!(0)), "{}", answer.json());
                } else {
                    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "other_data"), "{} {kind}: {}", own.0, answer.json());
                }
            }
        }
        // Each sees what it gave, masked, and nothing of the others; the office sees all.
        for (own, cookie) in FILES.iter().zip(&cookies) {
            let seen = office.get("/register/department-data", cookie).await.json();
            let files: Vec<&str> = seen["files"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
            assert_eq!((files, &seen["kinds"]), (vec![own.2], &json!([own.1])));
            for (_, kind, ..) in FILES {
                let answer = records(&office, cookie, kind).await;
                if *kind == own.1 {
                    assert_eq!((&answer.json()["total"], &answer.json()["items"][0]["name"]), (&json!(1), &json!("张*")), "{kind}");
                    assert_eq!(answer.json()["items"][0]["id_number"], "619021********001X");
                } else {
                    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "forbidden"), "{} {kind}", own.0);
                }
            }
        }
        let seen = office.get("/register/department-data", &administrator).await.json();
        assert_eq!(seen["files"].as_array().unwrap().len(), FILES.len());
        for (_, kind, ..) in FILES {
            assert_eq!(records(&office, &administrator, kind).await.json()["total"], 1, "{kind}");
        }
        office.verify_ledger().await;
        assert!(!office.root().join("uploads").read_dir().unwrap().any(|_| true));
    }
}

database_test! {
    async fn a_file_never_replaces_another_departments_records(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let (_, vehicles) = office.user_of(&administrator, "che", "department_user", "619021", Some("vehicles")).await;
        let [civil, _, cars, ..] = FILES else { unreachable!() };
        assert_eq!(hand_in(&office, &administrator, "数据.csv", civil.3).await.status, StatusCode::OK);
        let taken = hand_in(&office, &vehicles, "数据.csv", cars.3).await;
        assert_eq!((taken.status, taken.code().as_str()), (StatusCode::CONFLICT, "file_of_others"));
        assert_eq!(records(&office, &administrator, "civil_registry").await.json()["total"], 1);
        for name in ["../数据.csv", "a/b.csv", ".csv", "a\\b.csv", "c:b.csv"] {
            assert_eq!(hand_in(&office, &vehicles, name, cars.3).await.code(), "file_name", "{name}");
        }
        // A household list is no data of a department, whoever hands it in here.
        let register = "户编号,户主姓名,与户主关系,姓名,证件号码,性别,村,搬迁类型,是否应搬\nA-1,张三,户主,张三,61902119800229001X,男,619021101201,避灾搬迁,是\n";
        for cookie in [&vehicles, &administrator] {
            let answer = hand_in(&office, cookie, "名册.csv", register).await;
            assert_eq!(answer.code(), "other_data", "{}", answer.json());
        }
        // A file that is no table is refused in words that name it and no folder of the server.
        for (name, content) in [("坏表.xlsx", "no workbook"), ("空表.csv", "")] {
            let answer = hand_in(&office, &vehicles, name, content).await;
            assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "files_unusable"), "{name}: {}", answer.json());
            let told = answer.json();
            assert_eq!(told["problems"][0]["place"], name, "{told}");
            assert!(!told.to_string().contains("uploads") && told.to_string().contains(name), "{told}");
        }
        // What is refused says where and why.
        let wrong = "姓名,身份证号,号牌号码,车辆类型\n,,陕G1,小型轿车\n李四,61902119800229001X,陕G2,小型轿车\n";
        let answer = hand_in(&office, &vehicles, "车辆.csv", wrong).await.json();
        assert_eq!((&answer[0]["accepted"], &answer[0]["refused"], &answer[0]["refused_for"][0]["row"]), (&json!(1), &json!(1), &json!(2)), "{answer}");
    }
}

database_test! {
    async fn a_department_user_has_a_department_and_nobody_else_has(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        for (role, department, code) in [
            ("department_user", Value::Null, "department_missing"),
            ("department_user", json!("police"), "body_invalid"),
            ("inspector", json!("vehicles"), "department_unexpected"),
        ] {
            let new = json!({"name": "new", "display_name": "新", "role": role, "area": "619021", "department": department, "password": "first password"});
            assert_eq!(office.post("/users", &administrator, new).await.code(), code, "{role}");
        }
        let (id, cookie) = office.user_of(&administrator, "che", "department_user", "619021", Some("vehicles")).await;
        let shown = office.get("/session", &cookie).await.json();
        assert_eq!((&shown["department"], &shown["may"]), (&json!("vehicles"), &json!(["read_register", "read_extracts", "import_extracts"])));
        let place = json!({"role": "department_user", "area": "619021"});
        assert_eq!(office.change_user("PATCH", &id, "", &administrator, place).await.code(), "department_missing");
        // Moved to another department, the user sees that one's data from the next request on.
        let place = json!({"role": "department_user", "area": "619021", "department": "real_estate"});
        assert_eq!(office.change_user("PATCH", &id, "", &administrator, place).await.status, StatusCode::OK);
        assert_eq!(records(&office, &cookie, "vehicles").await.code(), "forbidden");
        assert_eq!(records(&office, &cookie, "real_estate").await.status, StatusCode::OK);
        // The data are of the whole county: a township's user has none of them.
        let place = json!({"role": "department_user", "area": "619021101", "department": "real_estate"});
        assert_eq!(office.change_user("PATCH", &id, "", &administrator, place).await.status, StatusCode::OK);
        assert_eq!(records(&office, &cookie, "real_estate").await.code(), "forbidden");
        assert_eq!(office.get("/register/department-data", &cookie).await.code(), "forbidden");
    }
}

database_test! {
    async fn pages_of_the_register_say_nothing_of_other_departments_data(test) {
        let office = Office::new(test).await;
        let administrator = office.administrator().await;
        let id = office.workspace.new_id();
        let mut listed = crate::unmasking::household(id, "61902110120101");
        listed.facts.category = anju_model::register::Category::Poverty;
        let head = &listed.members[0].facts;
        let (name, number) = (head.name.clone(), head.id_number.clone().unwrap());
        let mut tx = office.begin().await;
        tx.insert(&[listed]).await.unwrap();
        office.commit(tx).await;
        let list = format!("户主姓名,身份证号,贫困户属性,核定文号,发布单位\n{name},{number},一般贫困户,安扶〔2026〕1号,县乡村振兴局\n");
        assert_eq!(hand_in(&office, &administrator, "扶贫名单.csv", &list).await.status, StatusCode::OK);
        let evidence = format!("/register/households/{id}/evidence");
        for (department, lines) in [("vehicles", 0), ("rural_revitalisation", 1)] {
            let (_, cookie) = office.user_of(&administrator, department, "department_user", "619021", Some(department)).await;
            assert_eq!(office.get(&evidence, &cookie).await.json().as_array().unwrap().len(), lines, "{department}");
            for path in [format!("/register/households/{id}/acceptance"), "/register/acceptance".into(), "/register/acceptance.csv".into()] {
                assert_eq!(office.get(&path, &cookie).await.code(), "forbidden", "{path}");
            }
            for path in ["/lookback/items", "/ledger/entries", "/register/bulk-changes"] {
                assert_eq!(office.get(path, &cookie).await.code(), "forbidden", "{path}");
            }
        }
        assert_eq!(office.get(&evidence, &administrator).await.json().as_array().unwrap().len(), 1);
    }
}
