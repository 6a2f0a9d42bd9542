import { describe, expect, it } from 'vitest';
import { TokenStore } from '@bellwether/control-plane/console/token-store';

function browserAt(hash: string) {
  const stored = new Map<string, string>();
  const shown: string[] = [];
  const store = new TokenStore({
    storage: {
      getItem: (key) => stored.get(key) ?? null,
      setItem: (key, value) => stored.set(key, value),
      removeItem: (key) => stored.delete(key),
    },
    location: { hash, pathname: '/console/', search: '?a=1' },
    history: { replaceState: (_data, _unused, url) => shown.push(url) },
  });
  return { store, shown };
}

describe('the store of the token', () => {
  it('takes the token out of the link and removes the fragment from the address', () => {
    const { store, shown } = browserAt('#token=bw-op%2B1');
    expect(store.takeFromLink()).toBe(true);
    expect(store.read()).toBe('bw-op+1');
    expect(shown).toEqual(['/console/?a=1']);
  });

  it('leaves a stored token and the address alone when the link brings none', () => {
    const { store, shown } = browserAt('#other=1');
    store.write('kept');
    expect(store.takeFromLink()).toBe(false);
    expect(store.read()).toBe('kept');
    expect(shown).toEqual([]);
  });

  it('forgets', () => {
    const { store } = browserAt('');
    store.write('refused');
    store.forget();
    expect(store.read()).toBeNull();
  });
});
