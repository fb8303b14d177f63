'use strict';
// Everything that is shown goes through textContent: names of VMs and hosts are other people's words.
const REFRESH_MS = 1000;
const $ = id => document.getElementById(id);

function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== null && child !== undefined) node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

const pill = (text, tone) => el('span', 'pill ' + (tone || ''), text);
const seconds = ms => ms === null || ms === undefined ? '–' : (ms / 1000).toFixed(ms < 10000 ? 1 : 0) + ' s';
const clock = ms => new Date(ms).toLocaleTimeString([], {hour12: false});

function ago(ms) {
  const s = Math.max(0, Math.round((Date.now() - ms) / 1000));
  if (s < 90) return s + ' s ago';
  if (s < 5400) return Math.round(s / 60) + ' min ago';
  return s < 172800 ? Math.round(s / 3600) + ' h ago' : Math.round(s / 86400) + ' days ago';
}

/** Replaces the content only if it has changed, so that selections and scroll positions live on. */
function show(parent, key, build) {
  if (parent.dataset.key === key) return;
  parent.dataset.key = key;
  const scrolled = [...parent.querySelectorAll('.scroll')].map(s => [s.dataset.of, s.scrollTop, s.scrollTop + s.clientHeight >= s.scrollHeight - 4]);
  parent.replaceChildren(...build());
  for (const box of parent.querySelectorAll('.scroll')) {
    const before = scrolled.find(s => s[0] === box.dataset.of);
    box.scrollTop = !before || before[2] ? box.scrollHeight : before[1];
  }
}

function card(label, value, more, tone) {
  return el('div', 'card', el('div', 'label', label), el('div', 'value ' + (tone || ''), value), el('div', 'more', more));
}

function cards(view) {
  const az = view.azs[0];
  const alive = view.members.filter(m => m.status === 'alive').length;
  const open = view.incidents.filter(i => i.phase !== 'closed');
  const inService = az ? az.hosts.filter(h => h.status === 'in_service').length : 0;
  return [
    view.leader
      ? card('Leader', view.leader.host, view.leader.address + ', term ' + view.term)
      : card('Leader', 'none', 'term ' + view.term, 'bad'),
    card('Pool', alive + ' of ' + view.members.length + ' alive', view.voters.length + ' voters', alive < view.members.length ? 'warn' : ''),
    az
      ? card('Protection', az.enabled ? (az.armed ? 'armed' : 'disarmed') : 'off', inService + ' of ' + az.hosts.length + ' hosts in service',
          az.enabled && az.armed ? 'good' : 'warn')
      : card('Protection', 'none', 'vmha az enable AZ', 'warn'),
    card('Open incidents', open.length, open.length ? open.map(i => '#' + i.id + ' ' + i.phase).join(', ') : 'all quiet', open.length ? 'busy' : 'good'),
  ];
}

function banners(view) {
  const all = [];
  if (!view.leader) all.push(el('div', 'banner bad', 'No leader: ' + view.reason));
  for (const sentence of view.trouble) all.push(el('div', 'banner warn', sentence));
  for (const i of view.incidents.filter(i => i.phase === 'held')) {
    all.push(el('div', 'banner warn', 'Incident ' + i.id + ' (' + i.hosts.join(', ') + ') is held: ' + i.held_because + '. Decide with ',
      el('code', '', 'vmha incidents approve ' + i.id), ' or ', el('code', '', 'vmha incidents cancel ' + i.id)));
  }
  return all;
}

const HOST_TONE = {in_service: 'good', in_recovery: 'busy', down: 'bad'};
const AGENT_TONE = {alive: 'good', suspect: 'warn', failed: 'bad', left: 'warn', leaving: 'warn'};

function host(h) {
  const tone = h.status === 'in_service' && h.agent !== 'alive' ? 'warn' : HOST_TONE[h.status];
  const edge = tone === 'good' ? (h.maintenance || h.drain ? ' warn-edge' : '') : ' ' + tone + '-edge';
  return el('div', 'host' + edge,
    el('div', 'row between', el('span', 'name', h.host), h.leader ? pill('leader', 'busy') : h.voter ? pill('voter') : null),
    el('div', 'muted small mono', h.address || 'no address'),
    el('div', 'row', pill(h.status.replace('_', ' '), HOST_TONE[h.status]), pill('agent ' + h.agent, AGENT_TONE[h.agent]),
      h.maintenance ? pill('maintenance', 'warn') : null, h.drain ? pill(h.drain, 'warn') : null));
}

function hosts(view) {
  if (view.azs.length) return view.azs[0].hosts.map(host);
  return view.members.map(m => el('div', 'host' + (m.status === 'alive' ? '' : ' bad-edge'),
    el('div', 'name', m.name), el('div', 'muted small mono', m.address), el('div', 'row', pill('agent ' + m.status, AGENT_TONE[m.status]))));
}

const ENDING_TONE = {recovered: 'good', left: 'warn', failed: 'bad'};
const STEP_SHARE = {planned: 6, calling: 35, accepted: 70, ended: 100};
const STEP_WORDS = {planned: 'waiting', calling: 'asking Nova', accepted: 'rebuilding'};

function vm(v) {
  const tone = ENDING_TONE[v.ending] || (v.step === 'planned' ? 'muted' : 'busy');
  const fill = el('i');
  fill.style.width = STEP_SHARE[v.step] + '%';
  const end = v.ending === 'recovered' ? '→ ' + v.detail : v.ending ? v.ending + ': ' + v.detail
    : STEP_WORDS[v.step] + (v.attempts > 1 ? ' (try ' + v.attempts + ')' : '');
  const name = el('span', 'name', v.name);
  name.title = v.name + '\n' + v.id;
  const ending = el('span', 'end ' + tone, end);
  ending.title = end;
  return el('div', 'vm', name, el('div', 'bar ' + tone, fill), ending);
}

function noteTone(text) {
  if (/fail|refused|held|lost/i.test(text.replace(' 0 failed', ''))) return 'bad';
  if (/certificate|closed|on another host|recovered/i.test(text)) return 'good';
  return /powering|telling|plan|calling|evacuat|declared/i.test(text) ? 'busy' : '';
}

function story(incident) {
  const list = el('ol', 'story');
  if (incident.story_left_out) list.append(el('li', 'muted', incident.story_left_out + ' earlier lines: vmha explain incident ' + incident.id));
  for (const note of incident.story) {
    const time = el('time', '', '+' + ((note.at_ms - incident.opened_at_ms) / 1000).toFixed(1) + ' s');
    time.title = note.at;
    list.append(el('li', noteTone(note.text), time, note.text));
  }
  const box = el('div', 'scroll', list);
  box.dataset.of = 'story' + incident.id;
  return box;
}

function total(vms) {
  const bar = el('div', 'total');
  for (const [key, tone] of [['recovered', 'good'], ['left', 'warn'], ['failed', 'bad']]) {
    const part = el('i', tone);
    part.style.width = (vms.total ? 100 * vms[key] / vms.total : 0) + '%';
    bar.append(part);
  }
  return bar;
}

const PHASE_TONE = {open: 'busy', held: 'warn', closed: 'good'};
const number = (label, value) => el('div', 'number', el('b', '', value), el('span', '', label));

function incident(i) {
  const tone = i.phase === 'closed' && i.vms.failed ? 'bad' : PHASE_TONE[i.phase];
  const body = el('article', 'incident',
    el('div', 'row between',
      el('div', 'row', el('h3', '', 'Incident ' + i.id + ': ' + i.hosts.join(', ')), pill(i.phase, tone)),
      el('span', 'muted small', clock(i.opened_at_ms) + (i.closed_at_ms ? ' – ' + clock(i.closed_at_ms) : ''))),
    el('div', 'numbers', number('VMs recovered', i.vms.recovered + ' / ' + i.vms.total), number('left on purpose', i.vms.left),
      number('failed', i.vms.failed), number('to certificate', seconds(i.times.certificate_ms)),
      number('to first call', seconds(i.times.first_call_ms)), number('to last VM', seconds(i.times.last_ended_ms))),
    total(i.vms));
  if (!i.recoveries) return body;
  const left = el('div');
  for (const r of i.recoveries) {
    const state = !r.certificate ? (r.fence_attempts ? 'fencing, attempt ' + r.fence_attempts : 'not fenced yet')
      : !r.confirmed ? 'certificate ' + r.certificate.proof + ', to be confirmed' : !r.forced_down ? 'certified, telling Nova'
      : r.planned ? 'certified ' + r.certificate.proof : 'certified, asking Nova for its VMs';
    left.append(el('div', 'sub', r.host + ' ', el('span', 'muted', '· epoch ' + r.epoch + ' · ' + state)));
    const box = el('div', 'scroll', ...r.vms.map(vm));
    box.dataset.of = 'vms' + i.id + r.host;
    left.append(box);
  }
  body.append(el('div', 'columns', left, el('div', '', el('div', 'sub', 'Timeline'), story(i))));
  return body;
}

function render(view) {
  document.title = (view.leader ? '' : '⚠ ') + 'vmha · ' + view.host;
  $('az').textContent = (view.azs.length ? view.azs[0].az + ' · ' : '') + 'seen from ' + view.host + ' (' + view.role + ')';
  show($('banners'), JSON.stringify([view.leader, view.reason, view.trouble, view.incidents.map(i => [i.id, i.phase])]), () => banners(view));
  show($('cards'), JSON.stringify([view.leader, view.term, view.members, view.voters, view.azs, view.incidents.map(i => i.phase)]), () => cards(view));
  show($('hosts'), JSON.stringify([view.azs.map(a => a.hosts), view.members]), () => hosts(view));
  show($('incidents'), JSON.stringify(view.incidents), () => view.incidents.length ? view.incidents.map(incident)
    : [el('div', 'empty', 'No incident yet. When a host dies, its recovery is shown here as it happens.')]);
}

let seenAt = 0;

async function refresh() {
  try {
    const response = await fetch('/v1/view', {cache: 'no-store', signal: AbortSignal.timeout(5000)});
    if (!response.ok) throw new Error('the daemon answered ' + response.status);
    const view = await response.json();
    render(view);
    seenAt = Date.now();
    document.body.classList.remove('stale');
    const age = view.state_age_ms;
    $('freshness').textContent = 'live' + (age > 2000 ? ', state up to ' + seconds(age) + ' old' : '');
  } catch (e) {
    document.body.classList.add('stale');
    $('freshness').textContent = 'daemon not reachable' + (seenAt ? ', last seen ' + ago(seenAt) : '') + ' (' + e.message + ')';
  }
  setTimeout(refresh, document.hidden ? 10 * REFRESH_MS : REFRESH_MS);
}

refresh();
