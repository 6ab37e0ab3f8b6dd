/** OpenTelemetry spans. Imported only by start-traces.ts, if traces are configured. */
import { diag, DiagLogLevel, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Context, Span as OtelSpan, SpanContext, Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Span } from '../kernel/index.ts';
import type { Traces, TracesOptions } from './traces.ts';

const stopMs = 3_000;
const kinds = { internal: SpanKind.INTERNAL, client: SpanKind.CLIENT } as const;

export function openTelemetry({ endpoint, service, version, log }: TracesOptions): Traces {
  const tell = (...words: unknown[]) => log.debug(words.map(String).join(' ').slice(0, 1_000));
  diag.setLogger({ error: tell, warn: tell, info: tell, debug: tell, verbose: tell }, { logLevel: DiagLogLevel.WARN });
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces`, timeoutMillis: stopMs });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('coffer', version);
  return {
    begin: (name, traceparent) => startSpan(tracer, name, SpanKind.SERVER, contextOf(traceparent)),
    stop: async () => {
      const patience = new Promise((resolve) => setTimeout(resolve, stopMs).unref());
      await Promise.race([provider.shutdown().catch(tell), patience]);
    },
  };
}

function startSpan(tracer: Tracer, name: string, kind: SpanKind, parent: Context): Span {
  const span = tracer.startSpan(name, { kind }, parent);
  return {
    traceparent: traceparentOf(span),
    child: (childName, childKind) => startSpan(tracer, childName, kinds[childKind], trace.setSpan(parent, span)),
    set: (key, value) => void span.setAttribute(key, value),
    end: (outcome) => {
      if (outcome === 'failed') span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}

function traceparentOf(span: OtelSpan): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

const traceparentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** An invalid traceparent starts a new trace, as W3C requires. */
function contextOf(traceparent: unknown): Context {
  const parts = typeof traceparent === 'string' && traceparent.length <= 256 ? traceparentForm.exec(traceparent) : null;
  if (!parts) return ROOT_CONTEXT;
  const [, traceId = '', spanId = '', flags = '0'] = parts;
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const remote: SpanContext = { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}
