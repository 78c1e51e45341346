//! The pages of the test gateway.

use crate::dev::test_gateway::book::{Order, Refused, escaped};

/// A page around `body`, which is HTML.
fn page(body: &str) -> String {
    format!(
        "<!doctype html>\n\
         <html lang=\"zh\">\n\
         <head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>测试支付 Test payment</title>\n\
         <style>body{{font-family:sans-serif;max-width:34em;margin:4em auto;padding:0 1em}}small{{color:#666}}</style>\n\
         </head>\n\
         <body>\n{body}</body>\n\
         </html>\n"
    )
}

/// The page on which a buyer pays.
pub(super) fn pay(order: &Order) -> String {
    page(&format!(
        "<h1>测试支付 <span lang=\"en\">Test payment</span></h1>\n\
         <p>这是测试用的支付网关，不会转移任何资金。<br>\n\
         <span lang=\"en\">This gateway is for tests: no money moves.</span></p>\n\
         <p>{name}<br><strong>¥{money}</strong></p>\n\
         <form method=\"post\" action=\"pay\">\n\
         <input type=\"hidden\" name=\"trade_no\" value=\"{trade_no}\">\n\
         <button name=\"do\" value=\"pay\">支付 Pay</button>\n\
         <button name=\"do\" value=\"fail\">失败 Fail</button>\n\
         </form>\n\
         <p><small>订单号 <span lang=\"en\">Order</span> {out_trade_no}</small></p>\n",
        name = order.name,
        money = order.money.decimal(),
        trade_no = escaped(&order.trade_no),
        out_trade_no = escaped(&order.out_trade_no),
    ))
}

/// A page that says why a request was refused.
pub(super) fn refused(why: Refused) -> String {
    page(&format!(
        "<h1>无法支付 <span lang=\"en\">Cannot be paid</span></h1>\n<p>{}</p>\n",
        escaped(why)
    ))
}
