import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { IdleSessions } from './idle-sessions.ts';
import type { Session } from './session.ts';

/** A session of which nothing but itself is looked at. */
const session = (): Session => ({}) as Session;

suite('idle sessions of all sites', () => {
  test('the one that has been idle longest goes first, whatever its site', () => {
    const idle = new IdleSessions();
    const [first, second, third] = [session(), session(), session()];
    const gone: Session[] = [];
    const dismiss = (one: Session): void => {
      idle.rouse(one);
      gone.push(one);
    };
    idle.rest(first, dismiss);
    idle.rest(second, dismiss);
    idle.rest(third, dismiss);
    // It carried something meanwhile.
    idle.rouse(first);
    idle.rest(first, dismiss);
    assert.ok(idle.dismissLongest());
    assert.ok(idle.dismissLongest());
    assert.deepEqual(
      gone.map(one => [first, second, third].indexOf(one)),
      [1, 2],
    );
  });

  test('one that was idle twice without a job between stands where it became idle last', () => {
    const idle = new IdleSessions();
    const [first, second] = [session(), session()];
    const gone: Session[] = [];
    for (const one of [first, second, first]) idle.rest(one, each => gone.push(each));
    idle.dismissLongest();
    assert.equal(gone[0], second);
  });

  test('of those that are asked for only; where there is none, nobody goes', () => {
    const idle = new IdleSessions();
    const [first, second] = [session(), session()];
    const gone: Session[] = [];
    for (const one of [first, second]) idle.rest(one, each => gone.push(each));
    assert.ok(idle.dismissLongest(one => one === second));
    assert.equal(gone[0], second);
    assert.equal(
      idle.dismissLongest(() => false),
      false,
    );
    assert.equal(gone.length, 1);
    assert.equal(new IdleSessions().dismissLongest(), false);
  });
});
