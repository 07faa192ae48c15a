import { format, addDays, formatDistance, parseISO, differenceInCalendarDays, isWithinInterval, formatISO } from 'date-fns';
import { de } from 'date-fns/locale/de';
const day = new Date(2024, 1, 28, 13, 5, 9);
console.log(format(addDays(day, 2), 'EEEE, do MMMM yyyy HH:mm:ss'), format(day, 'PPPP', { locale: de }));
console.log(formatDistance(day, addDays(day, 40)), differenceInCalendarDays(parseISO('2024-03-01'), day), isWithinInterval(day, { start: new Date(0), end: new Date(2030, 0) }), formatISO(day, { representation: 'date' }));
