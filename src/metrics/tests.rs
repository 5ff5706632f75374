use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use super::{
    counters::{BOUNDS, Histogram},
    labels::StatementEnd,
    *,
};

fn page(metrics: &Metrics) -> String {
    let database = DatabaseGauges {
        metrics: metrics.clone(),
        state: "serving",
        ..DatabaseGauges::default()
    };
    let gauges = Gauges {
        states: &["serving", "away"],
        databases: vec![database],
        ..Gauges::default()
    };
    metrics.render(&gauges, |code| if code == 0 { "success" } else { "invalidCredentials" })
}

fn has(page: &str, line: &str) {
    assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
}

#[test]
fn what_is_counted_is_shown() {
    let metrics = Metrics::default();
    for code in [0, 49, 49, 4096] {
        metrics.operation_begun();
        metrics.operation_left();
        metrics.operation_took(Operation::Bind, Ended::Code(code), Duration::from_millis(3), 0);
    }
    metrics.operation_begun();
    metrics.operation_left();
    metrics.operation_took(Operation::Search, Ended::Disconnected, Duration::from_secs(60), 7);
    metrics.operation_begun();
    metrics.operation(Operation::Unbind, Ended::Unanswered);
    let open = metrics.connection();
    drop(metrics.connection());
    let page = page(&metrics);
    for line in [
        r#"operations_total{operation="bind",code="0",result="success"} 1"#,
        r#"operations_total{operation="bind",code="49",result="invalidCredentials"} 2"#,
        r#"operations_total{operation="bind",code="",result="other"} 1"#,
        r#"operations_total{operation="search",code="",result="disconnected"} 1"#,
        r#"operations_total{operation="search",code="0",result="success"} 0"#,
        r#"operations_total{operation="unbind",code="",result="unanswered"} 1"#,
        r#"operation_duration_seconds_bucket{operation="bind",le="0.0025"} 0"#,
        r#"operation_duration_seconds_bucket{operation="bind",le="0.005"} 4"#,
        r#"operation_duration_seconds_bucket{operation="search",le="10"} 0"#,
        r#"operation_duration_seconds_bucket{operation="search",le="+Inf"} 1"#,
        r#"operation_duration_seconds_sum{operation="bind"} 0.012"#,
        r#"operation_duration_seconds_count{operation="search"} 1"#,
        "operations_in_flight 1",
        "entries_sent_total 7",
        "connections_open 1",
        "connections_total 2",
        r#"database_state{state="serving"} 1"#,
        r#"database_state{state="away"} 0"#,
    ] {
        has(&page, &format!("ldap_gateway_{line}"));
    }
    drop(open);
}

#[test]
fn bounds_are_inclusive_and_shown_as_what_they_are() {
    for (nanoseconds, shown) in BOUNDS {
        let seconds: f64 = shown.parse().unwrap();
        assert_eq!((seconds * 1e9).round() as u64, nanoseconds);
    }
    let histogram = Histogram::default();
    histogram.observe(Duration::from_millis(1));
    assert_eq!(histogram.buckets[2].load(Relaxed), 1);
}

#[test]
fn statements_end_well_or_not_or_are_cancelled() {
    let metrics = Metrics::default();
    metrics.statement(Statement::Lookup).ended(true);
    metrics.statement(Statement::Lookup).ended(false);
    drop(metrics.statement(Statement::Lookup));
    let waiting = metrics.waiting_for_pool();
    let page = page(&metrics);
    drop(waiting);
    for (_, result) in StatementEnd::ALL {
        has(
            &page,
            &format!(r#"ldap_gateway_sql_statements_total{{statement="lookup",result="{result}"}} 1"#),
        );
    }
    has(&page, "ldap_gateway_sql_pool_waiting 1");
}

#[test]
fn a_link_says_something_or_is_cancelled() {
    let metrics = Metrics::default();
    metrics.link(Link::Sql).ended(LinkResult::Passed);
    metrics.link(Link::Notification).ended(LinkResult::Failed);
    metrics.link(Link::Notification).ended(LinkResult::Unavailable);
    drop(metrics.link(Link::Notification));
    let running = metrics.link(Link::Notification);
    std::thread::sleep(Duration::from_millis(1));
    metrics.approval(Approval::Rejected);
    let before = page(&metrics);
    for line in [
        r#"auth_link_results_total{link="sql",result="passed"} 1"#,
        r#"auth_link_results_total{link="sql",result="failed"} 0"#,
        r#"auth_link_results_total{link="notification",result="passed"} 0"#,
        r#"auth_link_results_total{link="notification",result="failed"} 1"#,
        r#"auth_link_results_total{link="notification",result="unavailable"} 1"#,
        r#"auth_link_results_total{link="notification",result="cancelled"} 1"#,
        r#"auth_link_running{link="notification"} 1"#,
        r#"auth_link_running{link="sql"} 0"#,
        r#"notification_results_total{result="rejected"} 1"#,
        r#"notification_results_total{result="approved"} 0"#,
    ] {
        has(&before, &format!("ldap_gateway_{line}"));
    }
    running.ended(LinkResult::Passed);
    let after = page(&metrics);
    has(&after, r#"ldap_gateway_auth_link_running{link="notification"} 0"#);
    let seconds = after
        .lines()
        .find_map(|line| line.strip_prefix(r#"ldap_gateway_auth_link_seconds_total{link="notification"} "#));
    assert!(seconds.unwrap().parse::<f64>().unwrap() >= 0.001);
}

#[test]
fn every_kind_has_its_own_place() {
    for (place, operation) in Operation::ALL.into_iter().enumerate() {
        assert_eq!(operation as usize, place);
    }
    for (place, (statement, _)) in Statement::ALL.into_iter().enumerate() {
        assert_eq!(statement as usize, place);
    }
    for (place, (link, _)) in Link::ALL.into_iter().enumerate() {
        assert_eq!(link as usize, place);
    }
    for (place, (result, _)) in LinkResult::ALL.into_iter().enumerate() {
        assert_eq!(result as usize, place);
    }
    for (place, (approval, _)) in Approval::ALL.into_iter().enumerate() {
        assert_eq!(approval as usize, place);
    }
    for (place, (failure, name)) in ConnectionFailure::ALL.into_iter().enumerate() {
        assert_eq!((failure as usize, failure.name()), (place, name));
    }
    for (place, (end, _)) in StatementEnd::ALL.into_iter().enumerate() {
        assert_eq!(end as usize, place);
    }
}

#[test]
fn each_realm_is_counted_by_itself() {
    let name = |name: &str| vec![("realm", name.to_owned())];
    let (all, one, other) = (Metrics::default(), Metrics::default(), Metrics::default());
    one.statement(Statement::Bind).ended(true);
    one.operation(Operation::Bind, Ended::Code(49));
    let database = |labels, metrics: &Metrics, state| DatabaseGauges {
        labels,
        metrics: metrics.clone(),
        state,
        pool_size: 10,
        ..DatabaseGauges::default()
    };
    let gauges = Gauges {
        states: &["serving", "away"],
        realms: vec![(name("a \"b\\"), one.clone()), (name("c"), other.clone())],
        databases: vec![
            database(name("a \"b\\"), &one, "away"),
            database(name("c"), &other, "serving"),
        ],
        ..Gauges::default()
    };
    let page = all.render(&gauges, |code| if code == 0 { "success" } else { "invalidCredentials" });
    for line in [
        r#"database_state{state="away",realm="a \"b\\"} 1"#,
        r#"database_state{state="away",realm="c"} 0"#,
        r#"sql_statements_total{statement="bind",result="success",realm="a \"b\\"} 1"#,
        r#"sql_statements_total{statement="bind",result="success",realm="c"} 0"#,
        r#"sql_pool_size{realm="c"} 10"#,
        r#"operations_total{operation="bind",code="49",result="invalidCredentials",realm="a \"b\\"} 1"#,
        r#"operations_total{operation="bind",code="0",result="success",realm="c"} 0"#,
        r#"operation_duration_seconds_count{operation="bind",realm="c"} 0"#,
        r#"entries_sent_total{realm="c"} 0"#,
    ] {
        has(&page, &format!("ldap_gateway_{line}"));
    }
    assert!(!page.contains(r#"code="49",result="invalidCredentials",realm="c""#));
}
