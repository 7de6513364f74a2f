//! What all operations have in common, shown on some of them.

use anju_store::database_test;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::Office;

fn user(name: &str) -> Value {
    json!({"name": name, "display_name": "=李干部", "role": "township_officer", "area": "619021101",
           "password": "first password"})
}

database_test! {
    async fn a_malformed_request_says_where_and_why(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let cookie = Some(cookie.as_str());
        for (method, path, body, status, code, place) in [
            ("POST", "/api/v1/users", Some(json!({"name": "li"})), 422, "body_invalid", "display_name"),
            ("POST", "/api/v1/jobs", Some(json!({"kind": "sleep"})), 422, "body_invalid", "kind"),
            ("POST", "/api/v1/jobs", None, 415, "body_not_json", "Content-Type"),
            ("GET", "/api/v1/register/households?area=6", None, 400, "query_invalid", "area"),
            ("GET", "/api/v1/register/households?colour=red", None, 400, "unknown_parameter", "colour"),
            ("GET", "/api/v1/register/households?limit=201", None, 400, "limit_range", "limit"),
            ("GET", "/api/v1/register/households?limit=0", None, 400, "limit_range", "limit"),
            ("GET", "/api/v1/register/households?fields=id,colour", None, 400, "unknown_field", "fields"),
            ("GET", "/api/v1/register/households?after=yesterday", None, 400, "cursor", "after"),
            ("GET", "/api/v1/jobs/7", None, 400, "path_invalid", ""),
            ("PUT", "/api/v1/jobs", None, 405, "method_not_allowed", ""),
        ] {
            let answer = office.send(method, path, cookie, body).await;
            assert_eq!(answer.kind, "application/problem+json", "{path}");
            let problem = answer.json();
            assert_eq!(
                (answer.status.as_u16(), problem["code"].as_str(), problem["place"].as_str().unwrap_or("")),
                (status, Some(code), place),
                "{path}: {problem}"
            );
            assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()));
        }
        let broken = office
            .send_bytes("POST", "/api/v1/jobs", cookie, b"{\"kind\": ", &[("content-type", "application/json")])
            .await;
        assert_eq!(
            (broken.status, broken.json()["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some("body_malformed"))
        );
        let large = vec![b' '; (1 << 20) + 1];
        let large = office
            .send_bytes("POST", "/api/v1/jobs", cookie, &large, &[("content-type", "application/json")])
            .await;
        assert_eq!(
            (large.status, large.json()["code"].as_str()),
            (StatusCode::PAYLOAD_TOO_LARGE, Some("body_too_large"))
        );
    }
}

database_test! {
    async fn only_the_fields_asked_for_are_answered(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let get = async |path: &str| office.send("GET", path, Some(&cookie), None).await.json();
        assert_eq!(get("/api/v1/session?fields=name,role").await, json!({"name": "admin", "role": "administrator"}));
        assert_eq!(
            get("/api/v1/start?fields=county.name,register.households").await,
            json!({"county": {"name": "安澜县"}, "register": {"households": 0}})
        );
        // Of a page the fields are those of its items; of an array of its elements.
        let page = get("/api/v1/register/households?fields=id,category").await;
        assert_eq!(page, json!({"items": [], "next": null, "total": 0, "at_least": false}));
        assert_eq!(get("/api/v1/users?fields=name").await, json!([{"name": "admin"}]));
        let problem = get("/api/v1/users?fields=password_hash").await;
        assert!(problem["detail_en"].as_str().unwrap().contains("display_name"), "{problem}");
    }
}

database_test! {
    async fn an_answer_that_is_known_is_not_sent_again(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let made = office.send("POST", "/api/v1/users", Some(&cookie), Some(user("li"))).await.json();
        let path = format!("/api/v1/users/{}", made["id"].as_str().unwrap());
        let first = office.send("GET", &path, Some(&cookie), None).await;
        let tag = first.header("etag");
        assert!(tag.starts_with("\"1-"), "{tag}");
        let again = office
            .send_with("GET", &path, Some(&cookie), None, &[("if-none-match", &tag)])
            .await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (StatusCode::NOT_MODIFIED, 0, tag.clone()));

        // The tag is what a change wants, and the change answers the next one.
        let place = json!({"role": "township_officer", "area": "619021102"});
        let moved = office
            .send_with("PATCH", &path, Some(&cookie), Some(place.clone()), &[("if-match", &tag)])
            .await;
        assert_eq!(moved.status, StatusCode::OK);
        assert!(moved.header("etag").starts_with("\"2-"));
        let fresh = office
            .send_with("GET", &path, Some(&cookie), None, &[("if-none-match", &tag)])
            .await;
        assert_eq!(fresh.status, StatusCode::OK);

        // Who comes late learns what is so now.
        let late = office
            .send_with("PATCH", &path, Some(&cookie), Some(place), &[("if-match", &tag)])
            .await;
        assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
        let problem = late.json();
        assert_eq!(problem["code"], "version_conflict");
        assert_eq!(problem["current_version"], 2);
        assert_eq!(problem["current"]["area"], "619021102");
        assert_eq!(problem["current"]["version"], 2);

        let nonsense = office
            .send_with("PATCH", &path, Some(&cookie), None, &[("if-match", "yesterday")])
            .await;
        assert_eq!(nonsense.json()["code"], "version_malformed");
    }
}

database_test! {
    async fn a_list_comes_as_a_table_too(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        office.send("POST", "/api/v1/users", Some(&cookie), Some(user("li"))).await;
        let get = async |accept: &str| {
            let path = "/api/v1/users?fields=name,display_name,version";
            office.send_with("GET", path, Some(&cookie), None, &[("accept", accept)]).await
        };
        let csv = get("text/csv").await;
        assert_eq!(csv.kind, "text/csv; charset=utf-8");
        assert_eq!(
            String::from_utf8(csv.body).unwrap(),
            "\u{feff}name,display_name,version\nadmin,系统管理员,2\nli,'=李干部,1\n"
        );
        let workbook = get("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet").await;
        assert!(workbook.body.starts_with(b"PK"));
        assert_eq!(get("text/csv;q=0.5, application/json").await.kind, "application/json");
        assert_eq!(get("*/*").await.kind, "application/json");
        let refused = get("image/png").await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (StatusCode::NOT_ACCEPTABLE, Some("not_acceptable"))
        );
    }
}

database_test! {
    async fn a_request_under_one_key_is_carried_out_once(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let key = [("idempotency-key", "6f1c9f0e-6a53-4d6e-9a40-1b2c3d4e5f60")];
        let post = async |name: &str| {
            office.send_with("POST", "/api/v1/users", Some(&cookie), Some(user(name)), &key).await
        };
        // Two at once: one makes the user, the other repeats the answer or is told to wait.
        let (one, two) = tokio::join!(post("li"), post("li"));
        let mut statuses = [one.status.as_u16(), two.status.as_u16()];
        statuses.sort_unstable();
        assert!(statuses == [201, 201] || statuses == [201, 409], "{statuses:?}");
        for answer in [&one, &two].into_iter().filter(|answer| answer.status == StatusCode::CONFLICT) {
            assert_eq!(answer.json()["code"], "idempotency_key_under_way");
            assert_eq!(answer.header("retry-after"), "1");
        }
        let made = if one.status == StatusCode::CREATED { one.json() } else { two.json() };

        let again = post("li").await;
        assert_eq!((again.status, again.header("idempotency-replayed").as_str()), (StatusCode::CREATED, "true"));
        assert_eq!(again.json(), made);
        let users = office.send("GET", "/api/v1/users", Some(&cookie), None).await.json();
        assert_eq!(users.as_array().unwrap().len(), 2);

        let other = post("wang").await;
        assert_eq!(
            (other.status, other.json()["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("idempotency_key_reused"))
        );

        // The answer outlives the process.
        let router = anju_server::router(office.workspace.clone()).await.unwrap();
        let office = Office { router, ..office };
        let again = office.send_with("POST", "/api/v1/users", Some(&cookie), Some(user("li")), &key).await;
        assert_eq!(again.json(), made);
    }
}

database_test! {
    async fn a_key_of_a_refused_request_is_free_again(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let key = [("idempotency-key", "6f1c9f0e-6a53-4d6e-9a40-1b2c3d4e5f60")];
        let weak = json!({"name": "li", "display_name": "李", "role": "township_officer", "area": "619021101",
                          "password": "short"});
        let refused = office.send_with("POST", "/api/v1/users", Some(&cookie), Some(weak), &key).await;
        assert_eq!(refused.json()["code"], "weak_password");
        let made = office.send_with("POST", "/api/v1/users", Some(&cookie), Some(user("li")), &key).await;
        assert_eq!(made.status, StatusCode::CREATED);
        let short = [("idempotency-key", "short")];
        let refused = office.send_with("POST", "/api/v1/users", Some(&cookie), Some(user("wang")), &short).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (StatusCode::BAD_REQUEST, Some("idempotency_key")));
    }
}

database_test! {
    async fn no_secret_is_kept_for_a_repetition(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let made = office.send("POST", "/api/v1/users", Some(&cookie), Some(user("li"))).await.json();
        let path = format!("/api/v1/users/{}/password", made["id"].as_str().unwrap());
        let headers = [("idempotency-key", "6f1c9f0e-6a53-4d6e-9a40-1b2c3d4e5f60"), ("if-match", "\"1\"")];
        let reset = office.send_with("POST", &path, Some(&cookie), None, &headers).await;
        assert_eq!(reset.status, StatusCode::OK);
        let password = reset.json()["password"].as_str().unwrap().to_owned();
        let again = office.send_with("POST", &path, Some(&cookie), None, &headers).await;
        assert_eq!(
            (again.status, again.json()["code"].as_str()),
            (StatusCode::CONFLICT, Some("idempotency_answer_unknown"))
        );
        // The password is the one that was answered: nothing was done twice.
        let sign_in = json!({"name": "li", "password": password});
        let entered = office.send("POST", "/api/v1/session", None, Some(sign_in)).await;
        assert_eq!(entered.status, StatusCode::OK);
    }
}

database_test! {
    async fn each_of_many_items_has_its_own_result(test) {
        let office = Office::new(test).await;
        let cookie = office.enter("admin", &office.password).await;
        let unknown = "0198c0de-0000-7000-8000-000000000000";
        let item = json!({"id": unknown, "version": 1, "state": "dismissed", "reason": "核实无误"});
        let many = json!({"items": [item, item]});
        let answer = office.send("POST", "/api/v1/lookback/items/decisions", Some(&cookie), Some(many)).await;
        assert_eq!(answer.status, StatusCode::MULTI_STATUS);
        let done = answer.json();
        assert_eq!((done["done"].as_u64(), done["refused"].as_u64()), (Some(0), Some(2)));
        assert_eq!(done["items"][1]["index"], 1);
        assert_eq!(done["items"][1]["status"], 404);
        assert_eq!(done["items"][1]["problem"]["code"], "not_found");
        let none = office
            .send("POST", "/api/v1/lookback/items/decisions", Some(&cookie), Some(json!({"items": []})))
            .await;
        assert_eq!(none.json()["code"], "item_count");
    }
}
