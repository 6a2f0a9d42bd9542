import type * as Onnxruntime from 'onnxruntime-node';

/** onnxruntime-node in this process, with its telemetry off before it loads. */
export async function loadOnnxruntime(): Promise<typeof Onnxruntime> {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
  return import('onnxruntime-node');
}
