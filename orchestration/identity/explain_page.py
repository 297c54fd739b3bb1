"""An explanation as a page that a person can read: one HTML file, nothing fetched. Not here: what is explained (explain.py)."""

from __future__ import annotations

from jinja2 import Environment

from orchestration.identity.explain import Explanation, Link, Step

_ROW, _LABEL, _CHART = 26, 330, 420
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Customer {{ e.customer_id }}</title>
<style>
 body { font: 15px/1.45 system-ui, sans-serif; color: #1d2733; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
 h1 { font-size: 1.3rem } h2 { font-size: 1.1rem; margin-top: 2.2rem } h3 { font-size: 1rem; margin: 1.6rem 0 .3rem }
 code { background: #eef2f5; padding: .1em .35em; border-radius: 3px }
 .scroll { overflow-x: auto } table { border-collapse: collapse; font-size: .88rem }
 th, td { border-bottom: 1px solid #d9e0e6; padding: .3rem .7rem .3rem 0; text-align: left; white-space: nowrap }
 p { margin: .3rem 0 } .veto { color: #a3271f } .quiet { color: #5b6a78 } svg text { font-size: 12.5px; fill: #1d2733 }
</style></head><body>
<h1>Customer <code>{{ e.customer_id }}</code></h1>
<p class="quiet">{{ e.records | length }} source record{{ "" if e.records | length == 1 else "s" }}. This page holds personal data: delete it when it is done.</p>
<h2>The records</h2>
<div class="scroll"><table><tr>{% for name in columns %}<th>{{ name | replace("_", " ") }}</th>{% endfor %}</tr>
{% for record in e.records %}<tr>{% for name in columns %}<td>{{ record[name] if record[name] is not none else "" }}</td>{% endfor %}</tr>{% endfor %}
</table></div>
{% if e.golden %}<h2>What the customer has of them</h2>
<div class="scroll"><table><tr><th>field</th><th>value</th><th>from</th><th>changed (UTC)</th><th></th></tr>
{% for field in e.golden %}<tr><td>{{ field.field | replace("_", " ") }}</td><td>{{ field.value }}</td><td>{{ field.record }}</td>
<td>{{ field.changed_at }}</td><td>{% if field.is_conflicting %}<span class="veto">records disagree</span>{% endif %}</td></tr>{% endfor %}
</table></div>{% endif %}
<h2>What joins them</h2>
{% if not e.links %}<p>One record: nothing had to be joined.</p>{% endif %}
{% for link in e.links %}
<h3>{{ link.left | join(":") }} and {{ link.right | join(":") }}</h3>
<p>{{ said(link) }}</p>{% if link.veto %}<p class="veto">Vetoed: {{ link.veto }}.</p>{% endif %}
{% if link.steps %}{{ chart(link) }}{% endif %}
{% endfor %}
<h2>History of the id</h2>
<div class="scroll"><table><tr><th>when (UTC)</th><th>what</th><th>from</th><th>to</th><th>records</th><th>why</th><th>strongest edge</th></tr>
{% for event in e.history %}<tr><td>{{ event.occurred_at }}</td><td>{{ event.kind }}</td><td>{{ event.from_customer_id or "" }}</td>
<td>{{ event.to_customer_id or "" }}</td><td>{{ event.record_count }}</td><td>{{ event.reason }}</td><td>{{ event.edge or "" }}</td></tr>{% endfor %}
</table></div></body></html>
"""
_CHART_SVG = """<svg role="img" aria-label="match weight, step by step" width="{{ width }}" height="{{ height }}">
<line x1="{{ zero }}" x2="{{ zero }}" y1="0" y2="{{ height - 18 }}" stroke="#8a99a6" stroke-dasharray="3 3"/>
{% for bar in bars %}<text x="0" y="{{ bar.y + 16 }}">{{ bar.label }}</text>
<rect x="{{ bar.x }}" y="{{ bar.y + 3 }}" width="{{ bar.width }}" height="17" fill="{{ bar.colour }}"><title>{{ bar.label }}: {{ bar.said }}</title></rect>
<text x="{{ bar.x + bar.width + 5 }}" y="{{ bar.y + 16 }}">{{ bar.said }}</text>{% endfor %}
<text x="{{ zero }}" y="{{ height - 3 }}" text-anchor="middle">0: as likely as not</text></svg>"""


def write_page(explanation: Explanation) -> str:
    """The page, whole. It holds personal data: whoever writes it to a file keeps the file private."""
    environment = Environment(autoescape=True)
    page = environment.from_string(_PAGE)
    columns = [name for name in (explanation.records[0] if explanation.records else {}) if name != "customer_since"]
    columns = [name for name in columns if any(record[name] for record in explanation.records)]

    def chart(link: Link) -> object:
        from markupsafe import Markup

        return Markup(environment.from_string(_CHART_SVG).render(_waterfall(link.steps)))

    return page.render(e=explanation, columns=columns, said=in_words, chart=chart)


def in_words(link: Link) -> str:
    """Why two records are joined, or are not, as a sentence."""
    weight = "" if link.weight is None else f" The evidence weighs {link.weight:+.1f} bits: {_odds(link.weight)}."
    if link.rules and link.is_used:
        return f"Joined: {'; '.join(link.rules)}.{weight}"
    if link.rules:
        return f"{'; '.join(link.rules).capitalize()}; but kept apart by the cluster guard.{weight}"
    return f"Not joined with one another.{weight}"


def _odds(bits: float) -> str:
    if abs(bits) < 1:
        return "about as likely as not to be one person"
    times = f"{2 ** abs(bits):,.0f}" if abs(bits) < 30 else "more than a billion"
    return f"{times} to 1 that they are one person" if bits > 0 else f"{times} to 1 that they are not"


def _waterfall(steps: tuple[Step, ...]) -> dict[str, object]:
    """Where each bar lies: it starts where the one above ended; the last is the sum."""
    ends = [0.0]
    for step in steps:
        ends.append(ends[-1] + step.bits)
    low, high = min(ends), max(ends)
    scale = _CHART / max(high - low, 1.0)

    def x(bits: float) -> float:
        return round(_LABEL + (bits - low) * scale, 1)

    bars = [
        {
            "label": f"{step.name}: {step.found}", "said": f"{step.bits:+.1f}", "y": number * _ROW,
            "x": min(x(ends[number]), x(ends[number + 1])), "width": max(round(abs(step.bits) * scale, 1), 1),
            "colour": "#2e7d6b" if step.bits >= 0 else "#b5483d",
        }
        for number, step in enumerate(steps)
    ]  # fmt: skip
    bars.append(
        {
            "label": "all together", "said": f"{ends[-1]:+.1f} bits", "y": len(steps) * _ROW,
            "x": min(x(0), x(ends[-1])), "width": max(round(abs(ends[-1]) * scale, 1), 1), "colour": "#33475b",
        }
    )  # fmt: skip
    return {"bars": bars, "zero": x(0), "width": _LABEL + _CHART + 90, "height": len(bars) * _ROW + 22}
