import { describe, expect, it } from 'vitest'
import type { Frame, Traceback } from '../../src/core/shapes.js'
import { inApp, markInApp } from '../../src/trace/in-app.js'

const cases: { readonly [language: string]: readonly (readonly [boolean, Frame])[] } = {
  python: [
    [true, { file: '/srv/till/till/orders.py', function: 'place' }],
    [true, { file: 'till/orders.py' }],
    [true, { file: 'C:\\till\\orders.py' }],
    [true, { file: '<stdin>' }],
    [false, { file: '/usr/lib/python3.11/json/decoder.py' }],
    [false, { file: '/opt/py/lib/python3.13/asyncio/base_events.py' }],
    [false, { file: 'C:\\Python312\\Lib\\json\\decoder.py' }],
    [false, { file: '/srv/till/.venv/lib/python3.12/site-packages/flask/app.py' }],
    [false, { file: '/usr/lib/python3/dist-packages/django/db/utils.py' }],
    [false, { file: '<frozen importlib._bootstrap>' }],
    [false, { file: '/opt/agent/ddtrace/contrib/trace.py' }],
  ],
  ruby: [
    [true, { file: '/srv/till/lib/orders.rb', function: 'place' }],
    [true, { file: 'app/controllers/tills_controller.rb' }],
    [false, { file: '/usr/lib/ruby/3.1.0/net/http.rb' }],
    [false, { file: '/usr/local/bundle/gems/rack-3.0.8/lib/rack/head.rb' }],
    [false, { file: '/srv/till/vendor/bundle/ruby/3.2.0/bundler/gems/x-1a2b/lib/x.rb' }],
    [false, { file: '<internal:kernel>' }],
    [false, { file: 'activerecord (7.1.2) lib/active_record/core.rb' }],
    [false, { file: '/home/till/.rbenv/versions/3.2.2/lib/ruby/3.2.0/json/common.rb' }],
  ],
  java: [
    [true, { module: 'com.acme.till.Till', function: 'open', file: 'Till.java' }],
    [true, { function: 'com.acme.till.Till.open', file: 'Till.java' }],
    [true, { module: 'app//com.acme.till.Till', function: 'open' }],
    [false, { module: 'java.util.HashMap', function: 'get', file: 'HashMap.java' }],
    [false, { module: 'java.base/java.lang.Integer', function: 'parseInt' }],
    [false, { module: 'org.springframework.web.servlet.DispatcherServlet', function: 'doGet' }],
    [false, { module: 'jakarta.servlet.http.HttpServlet', function: 'service' }],
    [false, { module: 'com.fasterxml.jackson.core.JsonParser', function: '_constructError' }],
    [false, { module: 'com.zaxxer.hikari.pool.HikariPool', function: 'getConnection' }],
    [false, { module: 'jdk.proxy2.$Proxy12', function: 'save' }],
    [true, { module: 'javassistant.Main', function: 'run' }],
  ],
  nodejs: [
    [true, { file: '/srv/till/lib/till.js', function: 'open' }],
    [true, { file: 'file:///srv/till/lib/till.mjs' }],
    [true, { file: 'webpack-internal:///(rsc)/./app/page.tsx' }],
    [true, { file: 'eval at rule (/srv/till/lib/rules.js:3:10)' }],
    [false, { file: 'webpack-internal:///./node_modules/next/dist/server.js' }],
    [false, { file: 'eval at x (/srv/till/node_modules/ejs/lib/ejs.js:3:10)' }],
    [false, { file: 'eval at x (eval at y (node:internal/till:3:10))' }],
    [false, { file: 'node:internal/timers' }],
    [false, { file: 'internal/modules/cjs/loader.js' }],
    [false, { file: 'events.js' }],
    [true, { file: 'rule.js' }],
    [false, { file: '/srv/till/node_modules/express/lib/router/index.js' }],
    [false, { file: 'C:\\till\\node_modules\\pg\\lib\\client.js' }],
    [false, { function: 'JSON.parse' }],
    [true, { file: 'https://till.example/assets/index-4f9c21aa.js', function: 'open' }],
    [true, { file: 'index.android.bundle', function: 'open' }],
    [true, { file: '/srv/till/models/vendor.js', function: 'find' }],
    [true, { file: 'https://till.example/assets/vending.js' }],
    [true, { file: '/srv/till/public/reactor.min.js' }],
    [true, { file: 'https://till.example/_next/static/chunks/app/(shop)/page-4f9c.js' }],
    [true, { file: 'data:text/javascript' }],
    [false, { file: '[native code]', function: 'map' }],
    [false, { file: '[wasm code]', function: 'scan' }],
    [false, { file: 'eval code', function: 'eval code' }],
    [false, { function: 'eval code' }],
    [false, { file: 'moz-extension://0b7cbd7c/content.js' }],
    [false, { file: 'safari-web-extension://0b7cbd7c/content.js' }],
    [false, { file: 'resource://gre/modules/Timer.sys.mjs' }],
    [false, { file: 'ext:core/01_core.js' }],
    [false, { file: 'native' }],
    [false, { file: 'electron/js2c/renderer_init.js' }],
    [false, { file: 'InternalBytecode.js' }],
    [false, { file: 'https://cdn.jsdelivr.net/npm/signals@2.1.0/core.js' }],
    [false, { file: 'https://till.example/assets/vendor-4f9c21aa.js' }],
    [false, { file: 'https://till.example/js/chunk-vendors.4f9c21aa.js?v=2' }],
    [false, { file: 'capacitor://localhost/polyfills.js' }],
    [false, { file: 'https://till.example/_next/static/chunks/framework-4f9c21aa.js' }],
    [false, { file: '/srv/till/.next/server/webpack-runtime.js' }],
    [false, { file: 'react-dom.production.min.js?f8c1' }],
    [false, { file: 'https://till.example/js/jquery-3.7.1.slim.min.js' }],
    [false, { file: 'webpack:///./~/signals/core.js?' }],
    [false, { file: 'webpack/runtime/jsonp chunk loading' }],
  ],
  go: [
    [true, { function: 'acme.example/till.(*Till).Open', file: '/srv/till/till.go' }],
    [true, { function: 'main.main', file: '/home/me/go/src/till/main.go' }],
    [false, { function: 'runtime.gopanic', file: '/usr/local/go/src/runtime/panic.go' }],
    [false, { function: 'net/http.(*conn).serve', file: '/usr/lib/go-1.19/src/net/http/server.go' }],
    [false, { function: 'github.com/jackc/pgx.Query', file: '/go/pkg/mod/github.com/jackc/pgx@v5.0.0/conn.go' }],
    [false, { function: 'runtime.goexit' }],
  ],
  php: [
    [true, { file: '/srv/till/src/Till.php', function: 'Acme\\Till->open' }],
    [false, { file: '/srv/till/vendor/guzzlehttp/guzzle/src/Client.php' }],
    [false, { function: 'array_map' }],
  ],
  csharp: [
    [true, { function: 'Acme.Till.Open(String id)', file: '/src/Till.cs' }],
    [false, { function: 'System.Threading.Tasks.Task.WaitAll(Task[] tasks)' }],
    [false, { function: 'Microsoft.AspNetCore.Mvc.ControllerBase.Ok()' }],
    [true, { function: 'Systematic.Till.Open()' }],
  ],
  rust: [
    [true, { function: 'till::open', file: 'src/main.rs' }],
    [false, { function: 'core::panicking::panic_fmt', file: '/rustc/9fc6b431/library/core/src/panicking.rs' }],
    [false, { function: 'tokio::runtime::task', file: '/root/.cargo/registry/src/x/tokio-1.2.0/src/lib.rs' }],
  ],
  elixir: [
    [true, { function: 'Till.Orders.place/2', file: 'lib/till/orders.ex' }],
    [false, { function: 'Phoenix.Router.__call__/5', file: 'lib/phoenix/router.ex' }],
    [false, { file: 'gen_server.erl' }],
  ],
  dart: [
    [true, { file: 'package:till/main.dart' }],
    [false, { file: 'dart:core-patch/errors.dart' }],
    [false, { file: 'package:flutter/src/widgets/framework.dart' }],
  ],
  perl: [
    [true, { file: '/srv/till/lib/Till.pm', function: 'Till::open' }],
    [false, { file: '/usr/share/perl5/Try/Tiny.pm' }],
  ],
  cobol: [
    [true, { file: 'till.cob' }],
    [false, { file: '/x/vendor/till.cob' }],
  ],
}

for (const [language, frames] of Object.entries(cases)) {
  describe(`frames of ${language}`, () => {
    for (const [expected, frame] of frames) {
      const name = [frame.module, frame.function, frame.file].filter(Boolean).join(' in ')
      it(`${name} ${expected ? 'is' : 'is not'} the application's`, () => expect(inApp(language, frame)).toBe(expected))
    }
  })
}

it('knows languages by their other names', () => {
  expect(inApp('javascript', { file: '/a/node_modules/b/c.js' })).toBe(false)
  expect(inApp('kotlin', { module: 'kotlin.collections.ArraysKt', function: 'first' })).toBe(false)
})

it('marks every frame of a traceback and of its causes', () => {
  const traceback: Traceback = {
    language: 'nodejs',
    frames: [{ file: 'node:fs' }, { file: '/srv/till.js' }],
    causes: [{ frames: [{ file: '/srv/a.js' }] }, { frames: [{ function: 'JSON.parse' }] }],
    start: 0,
    end: 0,
    uncaught: false,
  }
  markInApp(traceback)
  const marks = [...traceback.frames, ...traceback.causes.flatMap((cause) => cause.frames)].map((frame) => frame.in_app)
  expect(marks).toEqual([false, true, true, false])
})
