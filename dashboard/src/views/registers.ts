import type { ApiDevice } from '@barograph/proto/api'
import { h, show } from '../dom.ts'
import { levelsMs } from '../measure/level.ts'
import { defaultMetric, type ShownMetric } from '../measure/metrics.ts'
import { dateOf } from '../measure/series.ts'
import type { History } from '../state/history.ts'
import { dateToDay, weekOf } from '../time/calendar.ts'
import { yearOf } from '../time/words.ts'
import { zoneOf } from '../time/zone.ts'
import type { Context } from './context.ts'
import { hoursView } from './hours.ts'
import { weekView } from './week.ts'
import { yearView } from './year.ts'

/** The three registers below the drum: hours, week, year. */
export interface Registers {
  readonly element: HTMLElement
  update(context: Context, device: ApiDevice, metrics: readonly ShownMetric[]): void
}

/** Makes the registers. */
export function createRegisters(history: History): Registers {
  const element = h('div', { class: 'registers' })

  function update(context: Context, device: ApiDevice, metrics: readonly ShownMetric[]): void {
    const wanted = context.place.metric ?? defaultMetric(metrics)
    const metric = metrics.find(({ name }) => name === wanted) ?? metrics[0]
    element.hidden = metric === undefined
    if (!metric) return
    // Days are those of the device's site, whatever clock is shown: the collector's windows are.
    const zone = zoneOf(device.site?.timeZone ?? 'UTC')
    const today = zone.dayOf(context.now)
    const day = Math.min(context.place.day ?? today, today)
    const isCompact = innerWidth < 720
    const widths = registerWidths(element.clientWidth, innerWidth)
    const read = (level: 'hour' | 'day', first: number, end: number) =>
      history.windows({
        device: device.id,
        sensor: metric.sensor.id,
        level,
        from: zone.startOfDay(first),
        to: zone.startOfDay(end),
      })
    const year = yearOf(day)
    const ofYear = read('day', dateToDay(year, 1, 1), dateToDay(year + 1, 1, 1))
    const [monday = day] = weekOf(day)
    const ofWeek = read('day', monday, monday + 7)
    const { oldest } = metric.sensor
    const common = { metric, day, today, zone, isCompact }
    show(
      element,
      hoursView(context, {
        ...common,
        metrics,
        now: context.now,
        hours: read('hour', day, day + 1),
        whole: ofWeek.find((each) => dateOf(each, zone) === day) ?? null,
        widthPx: widths.hours,
        hasHours: metric.sensor.intervalMs <= levelsMs.hour,
      }),
      weekView(context, { ...common, days: ofWeek, widthPx: widths.week, rowPx: isCompact ? 34 : 22 }),
      yearView(context, {
        ...common,
        days: ofYear,
        firstDay: oldest ? zone.dayOf(Date.parse(oldest)) : null,
        widthPx: widths.year,
        ramp: rampOf(metric, element),
      }),
    )
  }

  return { element, update }
}

/** Widths of hours, week and year as the style sheet's columns make them. */
function registerWidths(all: number, page: number): { hours: number; week: number; year: number } {
  if (page < 720) return { hours: all, week: all, year: all }
  const gap = 36
  if (page < 1280) return { hours: all, week: Math.floor((all - gap) / 2), year: Math.floor((all - gap) / 2) }
  const part = (all - 2 * gap) / (660 + 312 + 332)
  return { hours: Math.floor(part * 660), week: Math.floor(part * 312), year: Math.floor(part * 332) }
}

function rampOf({ name, ink }: ShownMetric, element: Element): readonly string[] {
  const probe = h('span', { class: ink })
  element.append(probe)
  const style = getComputedStyle(probe)
  const token = (property: string) => style.getPropertyValue(property).trim()
  const heat = Array.from({ length: 7 }, (_, i) => token(`--heat-${i}`))
  const ends = [token('--paper-2'), token('--c')] as const
  probe.remove()
  return name === 'temperature' ? heat : ends
}
