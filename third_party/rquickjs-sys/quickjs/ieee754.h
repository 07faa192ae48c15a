/* terrarium: see ieee754.c. */
#ifndef QUICKJS_IEEE754_H
#define QUICKJS_IEEE754_H

double v8_exp(double x);
double v8_log(double x);
double v8_log1p(double x);
double v8_log2(double x);
double v8_log10(double x);
double v8_cosh(double x);
double v8_sinh(double x);
double v8_tanh(double x);
double v8_acosh(double x);
double v8_asinh(double x);
double v8_atanh(double x);
double v8_atan2(double y, double x);
double v8_pow(double x, double y);
double v8_sin(double x);
double v8_cos(double x);
double v8_hypot(const double *numbers, int count, double max);

#endif
