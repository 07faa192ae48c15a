#!/usr/bin/env node
;                                       
import {            shelve } from './book.ts';

                                         
                        
                                  
 
                           
                                    

export          class Library                                        {
                   books             = new Map       ();
                        
  static count         ;
  #open          ;

  add(                  id    , book   )                    {
    this.books.set(id, book     );
    shelve(book                   , this .books                     );
  }
  ;                      
  ;                           
  find(id        , other          )                { return this.books.get(id      ) ; }
  *[Symbol.iterator]()              { yield* this.books.values(); }
}

const mehr =     (größe   )    => größe;
export const later = async (x        )                  => x + (mehr(1)          );
// ES module
