const { interval, of, from, merge, Subject, timer } = require('rxjs');
const { map, filter, take, mergeMap, debounceTime, catchError, toArray, delay } = require('rxjs/operators');
interval(40).pipe(take(5), filter((x) => x % 2 === 0), map((x) => x * x)).subscribe({ next: (x) => console.log('next', x), complete: () => console.log('complete') });
of(1, 2, 3).pipe(mergeMap((x) => of(x).pipe(delay(100 * (4 - x)))), toArray()).subscribe((all) => console.log(all));
from(Promise.reject(new Error('no'))).pipe(catchError((error) => of(error.message))).subscribe(console.log);
const subject = new Subject(); subject.pipe(debounceTime(15)).subscribe((x) => console.log('settled', x)); subject.next(1); subject.next(2);
